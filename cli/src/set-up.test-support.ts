import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { TestContext } from "node:test";
import { PostgresDatabase } from "@kinopass/postgres";
import { testDatabase } from "@kinopass/testing";
import type { Input } from "./io.ts";
import { run } from "./run.ts";

const MIGRATIONS = join(import.meta.dirname, "../../services/auth/migrations");

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The command over a database of the test's own, with a directory to find files in. */
export async function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-cli-"));
  chmodSync(directory, 0o755);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const env: Record<string, string> = {
    DATABASE_URL: await testDatabase(t, { migrations: MIGRATIONS, schema: "auth" }),
    AUTH_KEYS: `1:${randomBytes(32).toString("base64")}`,
    AUTH_DIRECTORY_KEY: randomBytes(32).toString("base64"),
  };
  const put = (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    return name;
  };
  return {
    env,
    directory,
    put,
    kinopass: (...argv: string[]) => kinopass(argv, { env, directory }),
    kinopassWith: (input: string, ...argv: string[]) => kinopass(argv, { env, directory, input }),
    look: <Row>(text: string) => look<Row>(env["DATABASE_URL"] ?? "", text),
  };
}

export async function kinopass(
  argv: readonly string[],
  given: {
    readonly env: Record<string, string>;
    readonly directory: string;
    readonly input?: string;
    readonly stdin?: Input;
    readonly terminal?: boolean;
  },
): Promise<Ran> {
  let [out, err] = ["", ""];
  const stdin = new PassThrough();
  stdin.end(given.input ?? "");
  const status = await run(argv, {
    stdin: given.stdin ?? stdin,
    stdout: { write: (text) => (out += text) },
    stderr: { isTTY: given.terminal, columns: 100, write: (text) => (err += text) },
    env: given.env,
    directory: given.directory,
  });
  return { status, out, err };
}

async function look<Row>(url: string, text: string): Promise<Row[]> {
  const db = new PostgresDatabase({
    url,
    applicationName: "test",
    maxConnections: 1,
    acquireTimeoutMs: 10_000,
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 10_000,
  });
  try {
    return (await db.run<Row>({ name: "", text, values: [] })).rows;
  } finally {
    await db.close();
  }
}
