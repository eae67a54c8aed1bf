import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const APPS = ["auth", "catalog"].map(
  (name) => new URL(`../../../services/${name}/dist/app.js`, import.meta.url).href,
);

test("both services find all they import from tracing in what stands in for it", async () => {
  const load = `await Promise.all(${JSON.stringify(APPS)}.map((app) => import(app)))`;
  const first = `--import=${new URL("./hooks.js", import.meta.url).href}`;
  const { stderr } = await promisify(execFile)(process.execPath, [first, "--input-type=module", "-e", load]);
  assert.equal(stderr, "");
});
