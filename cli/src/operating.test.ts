import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { Input } from "./io.ts";
import { kinopass, setUp } from "./set-up.test-support.ts";

const CREATE = ["superuser", "create", "--email", "root@example.com", "--password-stdin"];

test("a superuser is made, once; a second time nothing is changed", async (t) => {
  const { kinopassWith, look } = await setUp(t);
  const made = await kinopassWith("four green boots\n", ...CREATE);
  assert.deepEqual([made.status, made.err], [0, ""]);
  const again = await kinopassWith("", ...CREATE);
  assert.match(again.out, /is a superuser already/);

  const rows = await look<{ password_hash: string }>(
    "select password_hash from auth.accounts a join auth.role_grants g on g.account_id = a.id where role_name = 'superuser'",
  );
  assert.equal(rows.length, 1);
  assert.match(rows[0]?.password_hash ?? "", /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const acts = await look<{ action: string; actor_kind: string }>(
    "select action, actor_kind from auth.audit_entries",
  );
  assert.deepEqual(acts, [{ action: "account.created", actor_kind: "console" }]);
});

test("an account that exists is promoted and keeps its password", async (t) => {
  const { kinopass: go, kinopassWith, put, look } = await setUp(t);
  const hash = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"B".repeat(43)}`;
  await go(
    "accounts",
    "import",
    put("one.ndjson", JSON.stringify({ email: "root@example.com", password_hash: hash })),
  );

  const { status, out } = await kinopassWith("", ...CREATE);

  assert.equal(status, 0);
  assert.match(out, /keeps its password/);
  assert.deepEqual(await look("select password_hash from auth.accounts"), [{ password_hash: hash }]);
  assert.deepEqual(await look("select role_name, granted_by from auth.role_grants"), [
    { role_name: "superuser", granted_by: "console" },
  ]);
});

test("a bad address or password makes nobody", async (t) => {
  const { kinopassWith, look } = await setUp(t);
  for (const [input, says] of [
    ["password1\n", /too easy to guess/],
    ["sh0rt!z\n", /too short/],
    ["", /no password/],
    [`${"x".repeat(5000)}\n`, /no password|too long/],
  ] as const) {
    const { status, err } = await kinopassWith(input, ...CREATE);
    assert.notEqual(status, 0);
    assert.match(err, says);
  }
  const { status } = await kinopassWith(
    "four green boots\n",
    "superuser",
    "create",
    "--email",
    "root",
    "--password-stdin",
  );
  assert.equal(status, 1);
  assert.deepEqual(await look("select from auth.accounts"), []);
});

test("on a terminal the password is asked for twice and never shown", async (t) => {
  const { env, directory } = await setUp(t);
  const typed = async (...keys: string[]) => {
    const stdin = new PassThrough() as unknown as Input & { raw: boolean[] } & PassThrough;
    Object.assign(stdin, { isTTY: true, raw: [], setRawMode: (on: boolean) => stdin.raw.push(on) });
    const pending = kinopass(CREATE.slice(0, -1), { env, directory, stdin });
    for (const key of keys) {
      await new Promise((next) => setImmediate(next));
      stdin.write(key);
    }
    return { ...(await pending), raw: stdin.raw };
  };
  const differing = await typed("four green boots\r", "four green boot\r");
  assert.equal(differing.status, 1);
  assert.match(differing.err, /not the same/);

  const givenUp = await typed("four\u0003");
  assert.match(givenUp.err, /nothing was changed/);

  const made = await typed("four green bootx\u007fs\r", "four green boots\r");
  assert.equal(made.status, 0, made.err);
  assert.deepEqual(made.raw, [true, false]);
  assert.ok(!`${made.out}${made.err}`.includes("green"));
});

test("a service credential is printed once, listed without its secret, and disabled by name", async (t) => {
  const { kinopass: go } = await setUp(t);
  const added = await go("service", "add", "catalog", "--scope", "introspect", "--scope", "revoke");
  const [id = "", secret = ""] = added.out.split("\n");
  assert.match(id, /^svc_[0-9a-f]{16}$/);
  assert.match(secret, /^kp_sk_[A-Za-z0-9_-]{43}$/);

  const twice = await go("service", "add", "catalog");
  assert.equal(twice.status, 1);
  assert.match(twice.err, /exists already. Choose another name/);

  const listed = await go("service", "list");
  assert.ok(
    listed.out.includes(id) && listed.out.includes("introspect revoke") && !listed.out.includes("kp_sk_"),
  );

  assert.equal((await go("service", "disable", "catalog")).status, 0);
  const again = await go("service", "disable", "catalog");
  assert.deepEqual(
    [again.status, again.err],
    [1, "No credential catalog is in use. See kinopass service list.\n"],
  );
  assert.match((await go("service", "list")).out, /disabled \d{4}/);
});

test("keys are rotated and withdrawn, and both are on record", async (t) => {
  const { kinopass: go, look } = await setUp(t);
  const first = await go("keys", "rotate");
  assert.equal(first.status, 0);
  const current = async () => /^(\S+) +current/m.exec((await go("keys", "list")).out)?.[1] ?? "";
  const before = await current();
  await go("keys", "rotate");
  const after = await current();
  assert.notEqual(after, before);
  assert.match((await go("keys", "list")).out, new RegExp(`${before} +previous`));

  assert.equal((await go("keys", "withdraw", after)).status, 0);
  assert.match((await go("keys", "list")).out, new RegExp(`${after} +withdrawn`));
  assert.notEqual(await current(), after);
  const unknown = await go("keys", "withdraw", after);
  assert.deepEqual(
    [unknown.status, unknown.err],
    [1, `No key ${after} is in use. See kinopass keys list.\n`],
  );
  const acts = await look<{ action: string }>(
    "select action from auth.audit_entries order by occurred_at, id",
  );
  assert.deepEqual(
    acts.map(({ action }) => action),
    ["key.rotated", "key.rotated", "key.withdrawn"],
  );
});

test("after a new master key, resealing lets the old one go; one that went too early is asked for", async (t) => {
  const { env, kinopass: go } = await setUp(t);
  await go("keys", "rotate");
  const old = env["AUTH_KEYS"];
  const next = `2:${randomBytes(32).toString("base64")}`;
  env["AUTH_KEYS"] = next;
  const early = await go("keys", "reseal");
  assert.equal(early.status, 1);
  assert.match(early.err, /2 cannot be opened: put the key they were sealed with back/);

  env["AUTH_KEYS"] = `${next},${old}`;
  assert.deepEqual((await go("keys", "reseal")).out, "2 sealed anew\n");
  env["AUTH_KEYS"] = next;
  const after = await go("keys", "reseal");
  assert.deepEqual([after.status, after.out, after.err], [0, "0 sealed anew\n", ""]);
});

test("partitions are planned and applied, with a region of one's own", async (t) => {
  const { kinopass: go, look } = await setUp(t);
  const region = "kz_almaty:KZ:Almaty:Алматы";
  const planned = await go("partitions", "plan", "--region", region);
  assert.match(planned.out, /To do:\n {2}add region kz_almaty \(Almaty, KZ\)\n {2}make sign_ins_\d{6}\n/);
  assert.deepEqual(await look("select from auth.regions where slug = 'kz_almaty'"), []);

  const applied = await go("partitions", "apply", "--region", region);
  assert.match(applied.out, /5 steps done\.\n$/);
  assert.equal((await go("partitions", "apply", "--region", region)).out, "Nothing to do.\n");
  const { out } = await go("partitions", "plan");
  assert.match(out, /^accounts +LIST \(region\) +10 /m, "nine regions, and the new one");
  assert.match(out, /^sessions +HASH \(account_id\) +8 /m);
  assert.match(out, /sign_ins_\d{6}[\s\S]*Nothing to do/);
});

test("an account is exported, moved and erased by its address", async (t) => {
  const { kinopass: go, put, look, directory } = await setUp(t);
  await go(
    "accounts",
    "import",
    put("one.ndjson", `{"email":"anna@example.com","region":"ru_volga","display_name":"Anna"}`),
  );

  const moved = await go("accounts", "move", "Anna@example.com", "--region", "ru_ural");
  assert.match(moved.out, /lives in ru_ural now/);
  assert.deepEqual(await look("select tableoid::regclass::text as leaf from auth.accounts"), [
    { leaf: "auth.accounts_ru_ural" },
  ]);
  assert.equal((await go("accounts", "move", "anna@example.com", "--region", "ru_mars")).status, 1);

  await go("accounts", "export", "anna@example.com", "--out", "anna.json");
  const held = JSON.parse(readFileSync(join(directory, "anna.json"), "utf8")) as {
    account: { region: string };
  };
  assert.equal(held.account.region, "ru_ural");
  assert.equal(statSync(join(directory, "anna.json")).mode & 0o777, 0o600);

  const erased = await go("accounts", "erase", "anna@example.com", "--yes");
  assert.equal(erased.status, 0, erased.err);
  assert.deepEqual(await look("select from auth.accounts"), []);
  assert.deepEqual(await look("select from auth.identifiers"), []);
  const gone = await go("accounts", "export", "anna@example.com");
  assert.deepEqual([gone.status, gone.err], [1, "There is no such account.\n"]);
});
