import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ManualClock } from "@kinopass/testing";
import { emptyDatabase } from "../testing/start-catalog.ts";
import { runImportCommand } from "./import-command.ts";

async function setUp(t: TestContext, env: Record<string, string> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "kinopass-films-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const put = async (name: string, content: string) => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  const run = async (argv: readonly string[], terminal = false) => {
    let [out, err] = ["", ""];
    const code = await runImportCommand(argv, {
      stdout: { write: (text) => (out += text) },
      stderr: { isTTY: terminal, columns: 100, write: (text) => (err += text) },
      env,
      clock: new ManualClock(),
      uptime: () => 0,
    });
    return { code, out, err };
  };
  return { put, run };
}

const GOOD = JSON.stringify([{ title: "One", year: 2000, cast: ["Ann"], genres: ["Drama"] }]);
const FLAWED = `[{"title": "Two", "year": 2001, "cast": [], "genres": []},\n{"title": 2},\n{"title": 3},\n{"title": 4}]`;

test("--help teaches the command and needs no database", async (t) => {
  const { run } = await setUp(t);
  const { code, out } = await run(["--help"]);
  assert.equal(code, 0);
  for (const word of [
    "kinopass catalog import FILE",
    '"title"',
    "skipped",
    "refused",
    "CATALOG_DATABASE_URL",
  ]) {
    assert.ok(out.includes(word), word);
  }
});

test("a wrong command says what is wrong and how to learn more", async (t) => {
  const { run } = await setUp(t);
  for (const [argv, complaint] of [
    [[], /Name at least one file/],
    [["--fast", "a.json"], /--fast/],
    [["--max-bad", "many", "a.json"], /--max-bad takes a whole number/],
    [["a.json"], /CATALOG_DATABASE_URL is missing/],
  ] as const) {
    const { code, err } = await run(argv);
    assert.equal(code, 2);
    assert.match(err, complaint);
    assert.match(err, /--help/);
  }
});

test("an import migrates an empty database and tells what came of each file", async (t) => {
  const { put, run } = await setUp(t, { DATABASE_URL: await emptyDatabase(t) });
  const files = [await put("good.json", GOOD), await put("flawed.json", FLAWED)];
  const first = await run(files);
  assert.equal(first.code, 3, "neither done nor refused");
  assert.match(first.err, /good\.json: 1 records, 1 new, 0 changed, 0 unchanged\n/);
  assert.match(first.err, /flawed\.json:2: record 2 skipped: /);
  assert.match(first.err, /flawed\.json: 4 records, 1 new, 0 changed, 0 unchanged, 3 bad\n/);
  assert.match(
    first.out,
    /5 records in 0\.0 s: 2 new films, 0 changed, 0 unchanged, 3 bad records skipped\./,
  );
  assert.match(first.out, /The catalog has 2 films, 1 persons, 1 genres\./);
  const second = await run(["--max-bad", "1", ...files]);
  assert.match(second.out, /0 new films, 0 changed, 2 unchanged/);
  assert.equal((await run(files.slice(0, 1))).code, 0, "nothing was skipped");
  assert.equal(second.err.match(/skipped/g)?.length, 1);
  assert.match(second.err, /and 2 more bad records/);
});

test("records that tell of one film are named, so that nobody misses films", async (t) => {
  const { put, run } = await setUp(t, { DATABASE_URL: await emptyDatabase(t) });
  const record = (title: string) => JSON.stringify({ title, year: 2000, cast: [], genres: [] });
  const lines = ["One", "Two", "ONE", "Three", "two", "one"].map(record);
  const file = await put("twice.json", `[${lines.join(",\n")}]`);
  const { err, out } = await run([file]);
  assert.match(err, /twice\.json:3: record 3, ONE \(2000\), is the film of line 1\n/);
  assert.match(err, /twice\.json:5: record 5, two \(2000\), is the film of line 2\n/);
  assert.match(err, /twice\.json:6: record 6, one \(2000\), is the film of line 1\n/);
  assert.match(err, /twice\.json: 6 records, 3 new, 0 changed, 0 unchanged, 3 repeated\n/);
  assert.match(out, /3 new films, .*, 3 records about a film told of before, 0 bad/);
  const again = await run(["--max-bad", "1", file]);
  assert.equal(again.err.match(/is the film of line/g)?.length, 1);
  assert.match(again.err, /and 2 more repeated records/);
});

test("a refused file makes the command fail, after the others were imported", async (t) => {
  const { put, run } = await setUp(t, { DATABASE_URL: await emptyDatabase(t) });
  const { code, err, out } = await run([
    await put("cut.json", GOOD.slice(0, -2)),
    await put("flawed.json", FLAWED),
    await put("good.json", GOOD),
  ]);
  assert.equal(code, 1);
  assert.match(err, /cut\.json: refused, nothing imported: it ends in the middle of record 1/);
  assert.match(out, /The catalog has 2 films/);
});

test("a terminal sees a bar, a pipe does not", async (t) => {
  const { put, run } = await setUp(t, { DATABASE_URL: await emptyDatabase(t) });
  const file = await put("good.json", GOOD);
  assert.match((await run([file], true)).err, /good\.json █{24} 100 % 1 records/);
  assert.doesNotMatch((await run([file])).err, /█|\r/);
});

test("a database that does not answer is said in one sentence", async (t) => {
  const { put, run } = await setUp(t, { DATABASE_URL: "postgres://kinopass@127.0.0.1:9/none" });
  const { code, err } = await run([await put("good.json", GOOD)]);
  assert.equal(code, 1);
  assert.match(err, /^The database did not answer/);
});
