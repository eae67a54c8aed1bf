// What is usable in any project must arrive there whole: everything a package says it exports is in what npm packs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { root } from "./environment.mjs";

for (const folder of ["packages/tracing", "packages/limiter", "packages/emulators"])
  test(`${folder} packs what it exports, no test and no source`, async () => {
    const { exports, dependencies } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--offline"], {
      cwd: join(root, folder),
    });
    const told = JSON.parse(stdout);
    const [{ files }] = Array.isArray(told) ? told : Object.values(told);
    const packed = new Set(files.map(({ path }) => path));
    const promised = Object.values(exports).flatMap((entry) => Object.values(entry));
    assert.deepEqual(
      promised.filter((path) => !packed.has(path.replace("./", ""))),
      [],
    );
    assert.deepEqual(
      [...packed].filter((path) => /\.test\.|^src\//.test(path)),
      [],
    );
    // Another package of ours is not in the registry, so nobody could install one that needs it.
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => name.startsWith("@kinopass/")),
      [],
    );
  });
