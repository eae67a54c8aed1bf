import assert from "node:assert/strict";
import { test } from "node:test";
import { kinopass, setUp } from "./set-up.test-support.ts";

const HASH = `$argon2id$v=19$m=65536,t=3,p=4$${"A".repeat(22)}$${"B".repeat(43)}`;

function ndjson(...records: unknown[]): string {
  return records.map((record) => (typeof record === "string" ? record : JSON.stringify(record))).join("\n");
}

test("accounts are taken over with their hashes, and the same file again changes nothing", async (t) => {
  const { kinopass: go, put, look } = await setUp(t);
  const people = Array.from({ length: 250 }, (_, n) => ({ email: `p${n}@example.com`, password_hash: HASH }));
  const file = put("people.ndjson", ndjson(...people));

  const first = await go("accounts", "import", file);
  assert.deepEqual([first.status, first.out], [0, "people.ndjson: 250 new, 0 there already, 0 skipped\n"]);
  const again = await go("accounts", "import", file);
  assert.equal(again.out, "people.ndjson: 0 new, 250 there already, 0 skipped\n");

  assert.deepEqual(
    await look("select count(*)::int as n, count(distinct password_hash)::int as hashes from auth.accounts"),
    [{ n: 250, hashes: 1 }],
  );
  assert.deepEqual(await look("select count(*)::int as n from auth.identifiers"), [{ n: 250 }]);
  assert.deepEqual(await look("select distinct actor_kind, action from auth.audit_entries"), [
    { actor_kind: "console", action: "account.created" },
  ]);
});

test("every field arrives; CSV and NDJSON say the same", async (t) => {
  const { kinopass: go, put, look } = await setUp(t);
  const csv = [
    "\uFEFFemail,password_hash,display_name,birth_date,region,locale,roles",
    `"Anna@Example.com","${HASH}","Анна, ""Аня""\nИванова",1990-05-17,ru_volga,en,subscriber`,
    "boris@example.com,,,,,,",
  ];
  const broken = await go("accounts", "import", put("a.csv", csv.join("\r\n")));
  assert.match(broken.err, /^a\.csv:\d: skipped: display_name/);
  const good = csv.map((line) => line.replace("\n", " "));
  const { status, out } = await go("accounts", "import", put("b.csv", good.join("\r\n")));
  assert.deepEqual([status, out], [0, "b.csv: 1 new, 1 there already, 0 skipped\n"]);
  const [anna] = await look(
    `select email, password_hash, display_name, birth_date::text, locale, tableoid::regclass::text as leaf,
            array(select role_name from auth.role_grants where account_id = id) as roles
       from auth.accounts where email like 'anna%'`,
  );
  assert.deepEqual(anna, {
    email: "anna@example.com",
    password_hash: HASH,
    display_name: 'Анна, "Аня" Иванова',
    birth_date: "1990-05-17",
    locale: "en",
    leaf: "auth.accounts_ru_volga",
    roles: ["subscriber"],
  });
});

test("a bad record is told with its line and skipped; its neighbours arrive", async (t) => {
  const { kinopass: go, put } = await setUp(t);
  const bad = [
    "not json",
    "[1]",
    { email: "no address" },
    { email: "a@example.com", password: "clear" },
    { email: "a@example.com", password_hash: "$2b$10$abcdefghijklmnopqrstuv" },
    { email: "a@example.com", password_hash: HASH.replace("m=65536", "m=99999999") },
    { email: "a@example.com", password_hash: HASH.replace("t=3", "t=99") },
    { email: "a@example.com", birth_date: "1990-02-31" },
    { email: "a@example.com", region: "ru_mars" },
    { email: "a@example.com", locale: "de" },
    { email: "a@example.com", display_name: "x\u202ey" },
    { email: "a@example.com", roles: ["superuser"] },
    { email: "a@example.com", roles: ["nobody"] },
    { email: 7 },
    "x".repeat(70_000),
  ];
  const file = put(
    "mixed.ndjson",
    ndjson({ email: "first@example.com" }, ...bad, "", { email: "last@example.com" }),
  );

  const { status, out, err } = await go("accounts", "import", file);

  assert.equal(status, 3, "neither done nor refused");
  assert.equal(out, `mixed.ndjson: 2 new, 0 there already, ${bad.length} skipped\n`);
  const lines = [...err.matchAll(/^mixed\.ndjson:(\d+): skipped: ./gm)].map(([, line]) => Number(line));
  assert.deepEqual(
    lines,
    bad.map((_, index) => index + 2),
  );
  assert.ok(!err.includes("clear"));

  const few = await go("accounts", "import", "--max-bad", "2", file);
  assert.equal(few.err.match(/skipped:/g)?.length, 2);
  assert.match(few.err, /and 13 more bad records/);
});

test("CSV that is none is refused with its line; a line with too few columns is only skipped", async (t) => {
  const { kinopass: go, put } = await setUp(t);
  const ragged = await go(
    "accounts",
    "import",
    put("r.csv", "email,locale\na@example.com,ru\nb@example.com\nc@example.com,en\n"),
  );
  assert.deepEqual([ragged.status, ragged.out], [3, "r.csv: 2 new, 0 there already, 1 skipped\n"]);
  assert.match(ragged.err, /r\.csv:3: skipped: The line has another number of columns/);
  const broken = await go("accounts", "import", put("b.csv", 'email,locale\n"d@example.com'));
  assert.equal(broken.status, 1);
  assert.match(broken.err, /The file is not CSV/);
  const both = await go("accounts", "import", "r.csv", "b.csv");
  assert.equal(both.status, 1, "a file that was refused is told before a record that was skipped");
  const missing = await go("accounts", "import", "none.csv");
  assert.deepEqual([missing.status, /There is no file/.test(missing.err)], [1, true]);
});

test("two imports of the same file at once make every account once", async (t) => {
  const { kinopass: go, put, look } = await setUp(t);
  const people = Array.from({ length: 120 }, (_, n) => ({ email: `p${n}@example.com` }));
  const files = [put("a.ndjson", ndjson(...people)), put("b.ndjson", ndjson(...people.reverse()))];

  const both = await Promise.all(files.map((file) => go("accounts", "import", file)));

  assert.deepEqual(
    both.map(({ status }) => status),
    [0, 0],
    both.map(({ err }) => err).join(),
  );
  const counts = both.map(({ out }) => /(\d+) new, (\d+) there/.exec(out)?.slice(1).map(Number) ?? []);
  assert.equal((counts[0]?.[0] ?? 0) + (counts[1]?.[0] ?? 0), 120);
  assert.deepEqual(await look("select count(*)::int as n from auth.accounts"), [{ n: 120 }]);
});

test("a terminal sees a bar, a pipe does not", async (t) => {
  const { env, directory, put } = await setUp(t);
  const file = put("one.ndjson", ndjson({ email: "a@example.com" }));
  const watched = await kinopass(["accounts", "import", file], { env, directory, terminal: true });
  assert.match(watched.err, /one\.ndjson █{24} 100 % 1 accounts/);
  const piped = await kinopass(["accounts", "import", file], { env, directory });
  assert.equal(piped.err, "");
});
