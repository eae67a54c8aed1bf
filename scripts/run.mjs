// Compiles what changed, then runs the given compiled file in this process: `node scripts/run.mjs stand/dist/main.js`.
// Only what that file's workspace needs, and types are not checked: that would be two thirds of the time that who runs
// it waits for. `npm run check` and `npm test` check them, also after this.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { demandNode, root } from "./environment.mjs";

demandNode();
// A proxy that the person set for the internet (NODE_USE_ENV_PROXY) knows no way to this machine.
for (const name of ["no_proxy", "NO_PROXY"])
  process.env[name] = [process.env[name], "127.0.0.1,localhost"].filter(Boolean).join(",");
const [entry, ...rest] = process.argv.slice(2);
const [workspace] = entry.split("/");
if (!existsSync(join(root, entry))) console.error("Compiling, the first time all of it: some seconds…");
const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), "--noCheck", workspace], {
  stdio: ["ignore", 2, 2],
  env: { ...process.env, KINOPASS_QUIET: "1" },
});
if (built.status !== 0) process.exit(built.status ?? 1);
process.argv = [process.argv[0], join(root, entry), ...rest];
await import(pathToFileURL(join(root, entry)).href);
