import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PostgresDatabase, statement } from "./database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded.ts";

const directory = mkdtempSync(join(tmpdir(), "kinopass-postgres-"));
chmodSync(directory, 0o755);
let server: EmbeddedPostgres;
before(async () => {
  server = await startEmbeddedPostgres({ directory: join(directory, "data"), durable: false });
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const pid = statement<{ readonly pid: number }>("test.pid", "select pg_backend_pid() as pid");
const sleep = statement<never>("test.sleep", "select pg_sleep($1)");
const kill = statement<never>("test.kill", "select pg_terminate_backend($1)");

function open(options: { max?: number; statementMs?: number; lockMs?: number } = {}): PostgresDatabase {
  return new PostgresDatabase({
    url: server.url("postgres"),
    applicationName: "test",
    maxConnections: options.max ?? 4,
    acquireTimeoutMs: 300,
    statementTimeoutMs: options.statementMs ?? 5_000,
    lockTimeoutMs: options.lockMs ?? 300,
  });
}

test("a slow statement is cut by its deadline, and its connection serves on", async (t) => {
  const db = open({ max: 1, statementMs: 100 });
  t.after(() => db.close());
  await assert.rejects(sleep(db, 5), { name: "DatabaseAway" });
  assert.equal((await pid(db)).rows.length, 1);
});

test("whoever waits too long for a connection is told so instead of hanging", async (t) => {
  const db = open({ max: 1 });
  t.after(() => db.close());
  const busy = sleep(db, 1);
  await assert.rejects(pid(db), { name: "DatabaseAway" });
  await busy;
});

test("a connection that dies between two statements of a transaction ends the transaction, not the process", async (t) => {
  const db = open();
  t.after(() => db.close());
  const other = open();
  t.after(() => other.close());
  await assert.rejects(
    db.transaction(async (tx) => {
      const { rows } = await pid(tx);
      await kill(other, rows[0]?.pid);
      await new Promise((next) => setTimeout(next, 100));
      await pid(tx);
    }),
    { name: "DatabaseAway" },
  );
  assert.equal((await pid(db)).rows.length, 1);
});

test("a refusal keeps the connection; its code and constraint are told, its values are not", async (t) => {
  const db = open({ max: 1 });
  t.after(() => db.close());
  const before = (await pid(db)).rows[0]?.pid;
  await db.run({
    name: "",
    text: "create table things (id int constraint things_are_unique primary key)",
    values: [],
  });
  const insert = statement<never>("test.insert", "insert into things values ($1)");
  await insert(db, 4242);
  await assert.rejects(insert(db, 4242), (error: Error & { sqlState?: string; constraint?: string }) => {
    assert.deepEqual(
      [error.name, error.sqlState, error.constraint],
      ["DatabaseRefusal", "23505", "things_are_unique"],
    );
    assert.doesNotMatch(error.message, /4242/);
    return true;
  });
  assert.equal((await pid(db)).rows[0]?.pid, before);
});

test("a deadlock is tried again until somebody gets through", async (t) => {
  const db = open({ lockMs: 5_000 });
  t.after(() => db.close());
  await db.run({
    name: "",
    text: "create table pairs as select n, 0 as count from generate_series(1, 2) as n",
    values: [],
  });
  const add = statement<never>("test.add", "update pairs set count = count + 1 where n = $1");
  const both = (first: number, second: number) =>
    db.transaction(async (tx) => {
      await add(tx, first);
      await new Promise((next) => setTimeout(next, 20));
      await add(tx, second);
    });
  await Promise.all([both(1, 2), both(2, 1)]);
  const { rows } = await db.run<{ count: number }>({ name: "", text: "select count from pairs", values: [] });
  assert.deepEqual(
    rows.map(({ count }) => count),
    [2, 2],
  );
});

test("a server that is stopped is 'away' within the deadline, and serves again when it goes on", async (t) => {
  const db = open({ max: 1, statementMs: 300 });
  t.after(() => db.close());
  const backend = (await pid(db)).rows[0]?.pid ?? assert.fail();
  process.kill(backend, "SIGSTOP");
  const began = performance.now();
  await assert.rejects(pid(db), { name: "DatabaseAway" });
  assert.ok(performance.now() - began < 3_000);
  process.kill(backend, "SIGCONT");
  assert.equal((await pid(db)).rows.length, 1);
});

test("what speaks of the server's state is 'away', what speaks of the statement is a refusal", async (t) => {
  const db = open({ max: 1 });
  t.after(() => db.close());
  await db.run({
    name: "",
    text: "create function say(code text) returns void language plpgsql as $$ begin raise exception 'told' using errcode = code; end $$",
    values: [],
  });
  const say = statement<never>("test.say", "select say($1)");
  for (const code of ["53100", "53200", "53300", "57014", "57P03", "58030", "08006", "25006", "55P03"])
    await assert.rejects(say(db, code), { name: "DatabaseAway" }, code);
  for (const sqlState of ["22001", "22021", "23503", "42P01", "P0001"])
    await assert.rejects(say(db, sqlState), { name: "DatabaseRefusal", sqlState });
  assert.equal((await pid(db)).rows.length, 1);
});

test("after a failover nobody holds on to a server that takes no writes any more", async (t) => {
  const db = open({ max: 1 });
  t.after(() => db.close());
  const other = open({ max: 1 });
  t.after(() => other.close());
  const run = (text: string) => other.run({ name: "", text, values: [] });
  await run("create table kept (id int)");
  const keep = statement<never>("test.keep", "insert into kept values ($1)");
  // Sessions that begin now are as those on a standby, and stay so: only a new connection reaches the new primary.
  await run("alter role kinopass set default_transaction_read_only = on");
  await assert.rejects(keep(db, 1), { name: "DatabaseAway" });
  await run("alter role kinopass reset default_transaction_read_only");
  await keep(db, 2);
  await db.transaction((tx) => keep(tx, 3));
});
