// Compiles every workspace that has changed (tsc -b) and carries over the files tsc does not: .sql, .lua, .html, .json data.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { demandNode, root } from "./environment.mjs";

const CARRIED = "{sql,lua,html,css,svg,png,txt,js}";

demandNode();
const began = performance.now();
const compiled = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-b", ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: "inherit",
  },
);
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

for (const source of globSync(`{packages,services}/*/src/**/*.${CARRIED}`, { cwd: root }).concat(
  globSync(`{stand,bench,cli}/src/**/*.${CARRIED}`, { cwd: root }),
)) {
  const target = source.replace(/(^|[\\/])src([\\/])/, "$1dist$2");
  const fresh =
    existsSync(join(root, target)) &&
    statSync(join(root, target)).mtimeMs >= statSync(join(root, source)).mtimeMs;
  if (fresh) continue;
  mkdirSync(dirname(join(root, target)), { recursive: true });
  cpSync(join(root, source), join(root, target));
}
if (process.env.KINOPASS_QUIET !== "1")
  console.log(`built in ${((performance.now() - began) / 1000).toFixed(1)} s`);
