/** The examples of docs/limits.md are compiled and run as they stand there, with Redis and without. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startRedis } from "./fixtures/redis-server.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const MANUAL = join(PACKAGE, "../../docs/limits.md");
const DEADLINE_MS = 120_000;
const run = promisify(execFile);

/** A block of TypeScript, with what the manual's hidden comments put before (`with:`) and after it (`then:`). */
async function examples(): Promise<readonly string[]> {
  const text = await readFile(MANUAL, "utf8");
  const block = /(?:<!-- with:([\s\S]*?)-->\n)?```ts\n([\s\S]*?)```\n(?:<!-- then:([\s\S]*?)-->)?/g;
  return [...text.matchAll(block)].map(([, before = "", code = "", after = ""]) => before + code + after);
}

test("the manual's examples compile, run, and refuse whom they should, with Redis and without", async (t) => {
  const redis = await startRedis(t);
  const sources = await examples();
  assert.ok(sources.length >= 3);
  // Inside the package, so that its own name and Fastify are found.
  const folder = await mkdtemp(join(PACKAGE, "dist", "manual-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const files = sources.map((_, index) => `example-${index}`);
  await Promise.all(
    files.map((name, index) => writeFile(join(folder, `${name}.ts`), `${sources[index]}\nexport {};\n`)),
  );
  const compilerOptions = { composite: false, incremental: false, declaration: false };
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../tsconfig.base.json",
      compilerOptions: { ...compilerOptions, rootDir: ".", outDir: "out" },
      include: ["*.ts"],
    }),
  );
  const tsc = join(PACKAGE, "../../node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", folder], { timeout: DEADLINE_MS }).catch(({ stdout }) =>
    assert.fail(`the examples do not compile:\n${stdout}`),
  );
  for (const name of files) {
    const file = join(folder, "out", `${name}.js`);
    for (const env of [{}, { REDIS_URL: redis.url }])
      await run(process.execPath, [file], { cwd: PACKAGE, env, timeout: DEADLINE_MS });
  }
});
