// Everything that can be said without running the services: format, lint, unused code, generated files. The walls between folders: architecture.test.mjs.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { demandNode, root } from "./environment.mjs";

demandNode();
const bin = (name) => join(root, "node_modules", name);
const steps = [
  ...(process.argv.includes("--no-build") ? [] : [["build", [join(root, "scripts/build.mjs")]]]),
  ["format and lint", [bin("@biomejs/biome/bin/biome"), "check", "--max-diagnostics=20", "."]],
  ["unused files, exports and dependencies", [bin("knip/bin/knip.js"), "--no-progress", "--no-config-hints"]],
  ["generated files are fresh", [join(root, "scripts/generate.mjs"), "--check"]],
];
for (const [name, args] of steps) {
  const done = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, KINOPASS_QUIET: "1", NO_COLOR: "1" },
  });
  if (done.status === 0) continue;
  console.error(`${name}: failed\n${done.stdout}${done.stderr}`);
  process.exit(1);
}
