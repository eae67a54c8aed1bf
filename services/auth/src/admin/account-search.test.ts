import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, refused, signUpWith, startAuth } from "../roles/administrators.test-support.ts";

const UNKNOWN = "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f";

interface Shown {
  readonly id: string;
  readonly email: string;
  readonly age_ceiling: number;
}

test("an administrator sees an account, and no password in any form", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const anna = await auth.signUp({ display_name: "Anna", birth_date: "1990-05-17", region: "ru_volga" });

  const { status, body } = await ask(auth, root, "GET", `/v1/accounts/${anna.accountId}`);

  assert.equal(status, 200);
  assert.deepEqual(
    { ...body, created_at: null, updated_at: null },
    {
      id: anna.accountId,
      status: "active",
      email: anna.email,
      display_name: "Anna",
      region: "ru_volga",
      birth_date: "1990-05-17",
      birth_date_precision: "day",
      age_ceiling: 18,
      locale: "en",
      roles: [],
      created_at: null,
      updated_at: null,
    },
  );
  assert.ok(!JSON.stringify(body).includes("argon2") && !/passw/.test(JSON.stringify(body)));
  await refused(auth, root, ["GET", `/v1/accounts/${UNKNOWN}`], { status: 404, code: "account_not_found" });
  await refused(auth, root, ["GET", "/v1/accounts/x"], { status: 400, code: "invalid_request" });
});

test("an account is found by its whole address, in any spelling of it, and by no part of it", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  await auth.signUp({ email: "anna@example.com" });
  const find = async (email: string) => {
    const { body } = await ask(auth, root, "GET", `/v1/accounts?email=${encodeURIComponent(email)}`);
    return (body["items"] as Shown[]).map((account) => account.email);
  };
  assert.deepEqual(await find("anna@example.com"), ["anna@example.com"]);
  assert.deepEqual(await find(" Anna@EXAMPLE.com"), ["anna@example.com"]);
  for (const part of ["ann@example.com", "%@example.com", "_nna@example.com"])
    assert.deepEqual(await find(part), []);
  await refused(auth, root, ["GET", "/v1/accounts?email=anna"], { status: 400, code: "email_invalid" });
});

test("a region is listed newest first, page by page, and never the people of another", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const expected: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    expected.unshift((await auth.signUp({ region: "ru_ural" })).accountId);
    auth.clock.advance({ seconds: 1 });
  }
  await auth.signUp({ region: "ru_volga" });

  assert.deepEqual(await allOf(auth, root, "region=ru_ural&page_size=2"), expected);
  await refused(auth, root, ["GET", "/v1/accounts?region=ru_mars"], { status: 400, code: "region_unknown" });
});

test("an age is found inside its region by birth date; who did not say counts as twelve", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const born: Record<string, string | undefined> = {
    "2008-03-01": "18 today",
    "2008-03-02": "18 tomorrow",
    "2010-03-01": "16 today",
    "2011-01-01": "15",
    "2013-06-01": "12",
  };
  const ids: Record<string, string> = {};
  for (const [birth_date, name] of Object.entries(born))
    ids[name ?? ""] = (await auth.signUp({ region: "ru_ural", birth_date })).accountId;
  for (const name of ["unknown", "unknown too"]) {
    ids[name] = (await auth.signUp({ region: "ru_ural" })).accountId;
    auth.clock.advance({ seconds: 1 });
  }
  const of = async (ceiling: number) => {
    const found = await allOf(auth, root, `region=ru_ural&age_ceiling=${ceiling}&page_size=1`);
    return found.map((id) => Object.keys(ids).find((name) => ids[name] === id));
  };
  assert.deepEqual(await of(18), ["18 today"]);
  assert.deepEqual(await of(16), ["18 tomorrow", "16 today"]);
  assert.deepEqual(await of(12), ["15", "12", "unknown", "unknown too"]);
  assert.deepEqual(await of(0), []);
});

test("an age is found everywhere, region after region, nobody twice or left out at the end of a page", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const born = ["1980-01-01", "1990-05-17", "2015-05-17", undefined];
  const adults: string[] = [];
  for (const region of ["ru_ural", "ru_central", "ru_volga"])
    for (const birth_date of born) {
      const { accountId } = await auth.signUp({ region, ...(birth_date && { birth_date }) });
      if (birth_date !== undefined && birth_date < "2000") adults.push(accountId);
    }
  for (const size of [1, 2, 3, 4, 100]) {
    const found = await allOf(auth, root, `age_ceiling=18&page_size=${size}`);
    assert.deepEqual(found.sort(), adults.sort(), `pages of ${size}`);
    const unknown = await allOf(auth, root, `age_ceiling=12&page_size=${size}`);
    assert.equal(new Set(unknown).size, unknown.length);
    assert.equal(unknown.length, 4, "three who did not say, and the administrator");
  }
});

test("a search that says too little, too much or nonsense is refused", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const cursor = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString("base64url");
  const bad = [
    "",
    "?page_size=5",
    "?email=a@example.com&region=ru_ural",
    "?email=a@example.com&age_ceiling=18",
    "?region=ru_ural&age_ceiling=17",
    "?region=ru_ural&age_ceiling=18&age_ceiling=16",
    "?region=ru_ural&page_size=101",
    "?region=ru_ural&name=Anna",
    "?region=ru_ural&cursor=x",
    `?region=ru_ural&cursor=${cursor(["2020-02-31", UNKNOWN, 1])}`,
    `?region=ru_ural&cursor=${cursor(["2020-02-20", "x", 1])}`,
    `?region=ru_ural&cursor=${cursor([1, 2, 3])}`,
    `?age_ceiling=18&cursor=${cursor(["2000-02-20", UNKNOWN])}`,
    `?age_ceiling=18&cursor=${cursor(["2000-02-20", UNKNOWN, "1"])}`,
  ];
  for (const query of bad)
    await refused(auth, root, ["GET", `/v1/accounts${query}`], { status: 400, code: "invalid_request" });
});

type TestAuth = Awaited<ReturnType<typeof startAuth>>;

/** Every page of a search. */
async function allOf(
  auth: TestAuth,
  who: Awaited<ReturnType<TestAuth["signUp"]>>,
  query: string,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: unknown = null;
  do {
    const more = cursor === null ? "" : `&cursor=${String(cursor)}`;
    const { status, body } = await ask(auth, who, "GET", `/v1/accounts?${query}${more}`);
    assert.equal(status, 200);
    ids.push(...(body["items"] as Shown[]).map(({ id }) => id));
    cursor = body["next_cursor"];
  } while (cursor !== null);
  return ids;
}
