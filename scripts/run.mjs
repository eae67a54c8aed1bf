// Builds what changed, then runs the given compiled file in this process: `node scripts/run.mjs stand/dist/main.js`.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { demandNode, root } from "./environment.mjs";

demandNode();
const [entry, ...rest] = process.argv.slice(2);
const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs")], {
  stdio: ["ignore", 2, 2],
  env: { ...process.env, KINOPASS_QUIET: "1" },
});
if (built.status !== 0) process.exit(built.status ?? 1);
process.argv = [process.argv[0], join(root, entry), ...rest];
await import(pathToFileURL(join(root, entry)).href);
