/** The examples of a manual, compiled as they stand there, for tests that run them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const DEADLINE_MS = 120_000;
const run = promisify(execFile);

export interface Example {
  /** TypeScript, with what the manual hides around it. */
  readonly source: string;
  /** Runs it in a process of its own; rejects where that ends with another status than 0. */
  run(options?: {
    readonly env?: Readonly<Record<string, string>>;
    readonly node?: readonly string[];
  }): Promise<void>;
}

/**
 * Every block of TypeScript in `docs/<manual>`, with what hidden comments put before (`with:`) and after it (`then:`).
 * They are compiled inside the package, so that they find its own name and what it depends on. Fails where they do not compile.
 */
export async function compileExamples(
  t: Pick<TestContext, "after">,
  { packageRoot, manual }: { readonly packageRoot: string; readonly manual: string },
): Promise<readonly Example[]> {
  const sources = examplesIn(await readFile(join(ROOT, "docs", manual), "utf8"));
  const folder = await mkdtemp(join(packageRoot, "dist", "manual-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await Promise.all(
    sources.map((source, index) => writeFile(join(folder, `example-${index}.ts`), `${source}\nexport {};\n`)),
  );
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(settings()));
  await run(process.execPath, [TSC, "-p", folder], { timeout: DEADLINE_MS }).catch(({ stdout }) =>
    assert.fail(`the examples do not compile:\n${stdout}`),
  );
  return sources.map((source, index) => ({
    source,
    run: async ({ env, node = [] } = {}) => {
      const file = join(folder, "out", `example-${index}.js`);
      await run(process.execPath, [...node, file], { cwd: packageRoot, env, timeout: DEADLINE_MS });
    },
  }));
}

function examplesIn(text: string): readonly string[] {
  const block = /(?:<!-- with:([\s\S]*?)-->\n)?```ts\n([\s\S]*?)```\n(?:<!-- then:([\s\S]*?)-->)?/g;
  return [...text.matchAll(block)].map(([, before = "", code = "", after = ""]) => before + code + after);
}

function settings() {
  return {
    extends: join(ROOT, "tsconfig.base.json"),
    compilerOptions: {
      composite: false,
      incremental: false,
      declaration: false,
      rootDir: ".",
      outDir: "out",
    },
    include: ["*.ts"],
  };
}
