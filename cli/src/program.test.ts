import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { kinopass, setUp } from "./set-up.test-support.ts";

const NOWHERE = { env: {}, directory: "/" };

test("--help of every command teaches it by example, and needs nothing", async () => {
  for (const argv of [
    [],
    ["superuser", "create"],
    ["service", "add"],
    ["keys"],
    ["partitions"],
    ["accounts"],
    ["accounts", "import"],
    ["migrate"],
    ["catalog", "import"],
  ]) {
    const { status, out } = await kinopass([...argv, "--help"], NOWHERE);
    assert.equal(status, 0, argv.join(" "));
    assert.match(out, /kinopass (superuser|service|keys|partitions|accounts|migrate|catalog)|"email"/);
  }
});

test("what is not understood is told with a way on, and is status 2", async () => {
  for (const [argv, says] of [
    [[], /Usage: kinopass/],
    [["superusr"], /Did you mean superuser/],
    [["superuser", "create"], /--email/],
    [["service", "add", "Bad Name"], /small letters/],
    [["service", "add", "good", "--scope", "everything"], /introspect, revoke, revocations/],
    [["partitions", "plan", "--region", "kz"], /kz_almaty:KZ:Almaty:Алматы/],
    [["accounts", "erase", "a@example.com"], /--yes/],
    [["accounts", "import", "old.csv", "--max-bad", "few"], /whole number/],
    [["keys", "list"], /DATABASE_URL is missing[\s\S]*AUTH_KEYS is missing[\s\S]*npm start/],
    [["catalog", "import"], /Name at least one file/],
  ] as const) {
    const { status, err } = await kinopass(argv, NOWHERE);
    assert.equal(status, 2, argv.join(" "));
    assert.match(err, says);
  }
});

test("a command asks only for the variables it needs", async (t) => {
  const { env, directory } = await setUp(t);
  const bare = { DATABASE_URL: env["DATABASE_URL"] ?? "" };
  for (const argv of [["service", "list"], ["partitions", "plan"], ["migrate"]])
    assert.equal((await kinopass(argv, { env: bare, directory })).status, 0, argv.join(" "));
  const { err } = await kinopass(["accounts", "export", "a@example.com"], { env: bare, directory });
  assert.match(err, /2 mistakes:[\s\S]*AUTH_KEYS is missing[\s\S]*AUTH_DIRECTORY_KEY is missing/);
});

test("a database that is away or empty is said in one sentence", async (t) => {
  const { env, directory } = await setUp(t);
  const away = { ...env, DATABASE_URL: "postgres://kinopass@127.0.0.1:1/none" };
  for (const argv of [
    ["migrate"],
    ["keys", "list"],
    ["service", "list"],
    ["accounts", "export", "a@example.com"],
  ]) {
    const { status, err } = await kinopass(argv, { env: away, directory });
    assert.equal(status, 1, argv.join(" "));
    assert.match(err, /^The database did not answer\. Check DATABASE_URL/, argv.join(" "));
  }
  const empty = { ...env, DATABASE_URL: (env["DATABASE_URL"] ?? "").replace(/[^/]+$/, "postgres") };
  const { status, err } = await kinopass(["service", "list"], { env: empty, directory });
  assert.equal(status, 1);
  assert.match(err, /Run kinopass migrate first/);
});

test("the settings of a running stand are found, said aloud, and give way to the environment", async (t) => {
  const { env, directory } = await setUp(t);
  mkdirSync(join(directory, ".kinopass"));
  const file = join(directory, ".kinopass/stand.json");
  writeFileSync(file, JSON.stringify({ env, addresses: {} }), { mode: 0o600 });

  const found = await kinopass(["service", "list"], { env: { DATABASE_URL: " " }, directory });
  assert.equal(found.status, 0);
  assert.match(found.err, /^Using the running stand \(.kinopass\/stand.json\)\.\n$/);

  const own = await kinopass(["service", "list"], { env, directory });
  assert.equal(own.err, "");

  chmodSync(file, 0o666);
  const anybodys = await kinopass(["service", "list"], { env: {}, directory });
  assert.equal(anybodys.status, 2);
});

test("the command runs as a process of its own and ends by itself", async (t) => {
  const { env, directory } = await setUp(t);
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(import.meta.dirname, "../bin/kinopass.mjs"),
      "superuser",
      "create",
      "--email",
      "root@example.com",
      "--password-stdin",
    ],
    {
      env: { PATH: process.env["PATH"], ...env },
      cwd: directory,
      input: "four green boots\n",
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  assert.equal(status, 0);
  assert.match(stdout, /root@example\.com is a superuser and can sign in now/);
});
