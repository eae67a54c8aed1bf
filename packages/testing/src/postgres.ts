import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { migrate } from "@kinopass/postgres";
import { startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import pg from "pg";

/**
 * A database of its own for one test: a copy of a template that was migrated once. Copying takes
 * some tens of milliseconds, so tests share nothing and run in parallel.
 */
export async function testDatabase(
  t: Pick<TestContext, "after">,
  { migrations, schema }: { migrations: string; schema: string },
): Promise<string> {
  const server = await testServer();
  const template = await ensureTemplate(server, migrations, schema);
  const name = `test_${randomBytes(8).toString("hex")}`;
  await asAdmin(server, (client) => client.query(`create database ${name} template ${template}`));
  t.after(() => asAdmin(server, (client) => client.query(`drop database if exists ${name} with (force)`)));
  return urlOf(server, name);
}

let own: Promise<string> | undefined;

/** The runner's server where there is one (npm test), else one of this process that ends with it. */
function testServer(): Promise<string> {
  const given = process.env["KINOPASS_TEST_POSTGRES"];
  if (given !== undefined) return Promise.resolve(given);
  own ??= startOwn();
  return own;
}

let stopOwn: (() => Promise<void>) | undefined;
// Registered while the file loads: inside a test it would belong to that test, and end the server with it.
after(() => stopOwn?.());

async function startOwn(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "kinopass-test-"));
  chmodSync(directory, 0o755);
  const server = await startEmbeddedPostgres({ directory: join(directory, "data"), durable: false });
  stopOwn = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return server.url("postgres");
}

async function ensureTemplate(server: string, migrations: string, schema: string): Promise<string> {
  const files = readdirSync(migrations)
    .filter((file) => file.endsWith(".sql"))
    .sort();
  const digest = createHash("sha256").update(schema);
  for (const file of files) digest.update(file).update(readFileSync(join(migrations, file)));
  const template = `template_${digest.digest("hex").slice(0, 20)}`;
  await asAdmin(server, async (client) => {
    // Test files are processes of their own: the lock lets the first one build and the others wait.
    await client.query("select pg_advisory_lock(hashtext($1))", [template]);
    const ready = await client.query("select from pg_database where datname = $1 and datistemplate", [
      template,
    ]);
    if (ready.rowCount !== 0) return;
    await client.query(`drop database if exists ${template}`);
    await client.query(`create database ${template}`);
    await migrate({ url: urlOf(server, template), directory: migrations, schema });
    await client.query(`alter database ${template} is_template true allow_connections false`);
  });
  return template;
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 20_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
