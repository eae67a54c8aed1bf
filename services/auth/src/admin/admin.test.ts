import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, look, makeRole, refused, signUpWith, startAuth } from "../roles/administrators.test-support.ts";
import { GOOD_PASSWORD } from "../testing/start-auth.ts";

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

test("a search that says too little, too much or nonsense is refused", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const cursor = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString("base64url");
  const bad = [
    "",
    "?age_ceiling=18",
    "?email=a@example.com&region=ru_ural",
    "?email=a@example.com&age_ceiling=18",
    "?region=ru_ural&age_ceiling=17",
    "?region=ru_ural&age_ceiling=18&age_ceiling=16",
    "?region=ru_ural&page_size=101",
    "?region=ru_ural&name=Anna",
    "?region=ru_ural&cursor=x",
    `?region=ru_ural&cursor=${cursor(["2020-02-31", UNKNOWN])}`,
    `?region=ru_ural&cursor=${cursor(["2020-02-20", "x"])}`,
    `?region=ru_ural&cursor=${cursor([1, 2])}`,
  ];
  for (const query of bad)
    await refused(auth, root, ["GET", `/v1/accounts${query}`], { status: 400, code: "invalid_request" });
});

test("a disabled account is signed out everywhere at once, cannot come in, and comes back when enabled", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const anna = await auth.signUp();
  const phone = await auth.signIn(anna.email);
  const url = `/v1/accounts/${anna.accountId}`;

  const disabled = await ask(auth, root, "PATCH", url, { status: "disabled" });
  assert.equal(disabled.body["status"], "disabled");

  for (const device of [anna, phone]) {
    await refused(auth, device, ["GET", "/v1/sessions"], { status: 401, code: "access_token_invalid" });
    const refresh = { refresh_token: device.refreshToken };
    await refused(auth, undefined, ["POST", "/v1/sessions/refresh", refresh], {
      status: 401,
      code: "session_over",
    });
  }
  const form = { email: anna.email, password: GOOD_PASSWORD };
  const again = await ask(auth, undefined, "POST", "/v1/sessions", form);
  assert.ok(again.status >= 400 && again.status < 500, JSON.stringify(again));
  const told = await look<{ session_id: string }>(
    auth,
    "select session_id from auth.revocations where account_id = $1 and because = 'account_disabled' order by session_id",
    anna.accountId,
  );
  assert.deepEqual(
    told.map(({ session_id }) => session_id),
    [anna.sessionId, phone.sessionId].sort(),
  );

  assert.equal((await ask(auth, root, "PATCH", url, { status: "active" })).status, 200);
  await auth.signIn(anna.email);
  const audit = await look<{ action: string }>(
    auth,
    "select action from auth.audit_entries where account_id = $1 and actor_id = $2 and action like 'account.%'",
    anna.accountId,
    root.accountId,
  );
  assert.deepEqual(audit.map(({ action }) => action).sort(), ["account.disabled", "account.enabled"]);
});

test("disabling twice is disabling once", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const anna = await auth.signUp();
  for (const _ of [1, 2])
    assert.equal(
      (await ask(auth, root, "PATCH", `/v1/accounts/${anna.accountId}`, { status: "disabled" })).status,
      200,
    );
  const audit = await look(auth, "select from auth.audit_entries where action = 'account.disabled'");
  assert.equal(audit.length, 1);
  for (const body of [
    {},
    { status: "erased" },
    { status: "active", password: "x" },
    { new_password: "four green boots" },
  ])
    await refused(auth, root, ["PATCH", `/v1/accounts/${anna.accountId}`, body], {
      status: 400,
      code: "invalid_request",
    });
});

test("an administrator signs an account out everywhere; it may sign in again", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const anna = await auth.signUp();
  const url = `/v1/accounts/${anna.accountId}/sessions`;

  assert.equal((await ask(auth, root, "DELETE", url)).status, 204);

  await refused(auth, anna, ["GET", "/v1/sessions"], { status: 401, code: "access_token_invalid" });
  await auth.signIn(anna.email);
  assert.equal((await ask(auth, root, "DELETE", url)).status, 204);
  assert.equal((await ask(auth, root, "DELETE", url)).status, 204);
  await refused(auth, root, ["DELETE", `/v1/accounts/${UNKNOWN}/sessions`], {
    status: 404,
    code: "account_not_found",
  });
});

test("an administrator does nothing to somebody who holds more", async (t) => {
  const auth = await startAuth(t);
  await makeRole(auth, "keeper", ["accounts:write", "sessions:end", "accounts:read"]);
  const root = await signUpWith(auth, "superuser");
  const keeper = await signUpWith(auth, "keeper");
  const not = { status: 403, code: "permission_not_held" };
  await refused(auth, keeper, ["PATCH", `/v1/accounts/${root.accountId}`, { status: "disabled" }], not);
  await refused(auth, keeper, ["DELETE", `/v1/accounts/${root.accountId}/sessions`], not);
  assert.equal((await ask(auth, keeper, "GET", `/v1/accounts/${root.accountId}`)).status, 200);
  const other = await signUpWith(auth, "keeper");
  assert.equal((await ask(auth, keeper, "DELETE", `/v1/accounts/${other.accountId}/sessions`)).status, 204);
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
