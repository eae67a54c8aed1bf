import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  directory: process.cwd(),
});
// A terminal that is still listened to would keep the process alive.
process.stdin.unref?.();
