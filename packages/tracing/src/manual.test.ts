/** The examples of docs/tracing.md are compiled and run as they stand there, and make the spans they say they make. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startOtlpReceiver } from "./testing/otlp-receiver.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const MANUAL = join(PACKAGE, "../../docs/tracing.md");
const DEADLINE_MS = 60_000;
const run = promisify(execFile);

/** A block of TypeScript, with what the manual's hidden comments put before (`with:`) and after it (`then:`). */
async function examples(): Promise<readonly string[]> {
  const text = await readFile(MANUAL, "utf8");
  const block = /(?:<!-- with:([\s\S]*?)-->\n)?```ts\n([\s\S]*?)```\n(?:<!-- then:([\s\S]*?)-->)?/g;
  return [...text.matchAll(block)].map(([, before = "", code = "", after = ""]) => before + code + after);
}

test("the manual's examples compile and run, and make the spans they name", async (t) => {
  const sources = await examples();
  assert.ok(sources.length >= 6);
  // Inside the package, so that its own name and Fastify are found.
  const folder = await mkdtemp(join(PACKAGE, "dist", "manual-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const files = sources.map((_, index) => `example-${index}`);
  await Promise.all(
    files.map((name, index) => writeFile(join(folder, `${name}.ts`), `${sources[index]}\nexport {};\n`)),
  );
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../tsconfig.base.json",
      compilerOptions: {
        composite: false,
        incremental: false,
        declaration: false,
        rootDir: ".",
        outDir: "out",
      },
      include: ["*.ts"],
    }),
  );
  const tsc = join(PACKAGE, "../../node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", folder], { timeout: DEADLINE_MS }).catch(({ stdout }) =>
    assert.fail(`the examples do not compile:\n${stdout}`),
  );
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_NODE_RESOURCE_DETECTORS: "none" };
  for (const name of files)
    await run(
      process.execPath,
      ["--import", "@kinopass/tracing/register", join(folder, "out", `${name}.js`)],
      {
        cwd: PACKAGE,
        env,
        timeout: DEADLINE_MS,
      },
    );
  const promised = sources.flatMap((source) =>
    [...source.matchAll(/span "([^"]+)"/g)].map(([, name]) => name),
  );
  const made = new Set(receiver.spans.map(({ name }) => name));
  assert.ok(promised.length >= 15);
  assert.deepEqual(
    promised.filter((name) => !made.has(name ?? "")),
    [],
  );
});
