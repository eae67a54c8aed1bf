import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "../ids.ts";
import { ask, tally, together } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { startTestAuth } from "../testing/start-auth.ts";

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as {
    age_ceiling: number;
  };

test("a member sees what we know and changes what is theirs", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com", birth_date: "2012-03-02", locale: "ru" });
  const before = await ask(auth, "GET /v1/me", undefined, anna);
  assert.deepEqual(before.body, {
    id: anna.accountId,
    email: "anna@example.com",
    display_name: null,
    birth_date: "2012-03-02",
    age_ceiling: 12,
    region: "ru_unassigned",
    locale: "ru",
    roles: [],
    has_password: true,
    created_at: "2026-03-01T12:00:00.000Z",
  });
  const change = { display_name: "Анна П.", birth_date: "1990-05-17", locale: "en", region: "ru_ural" };
  const after = await ask(auth, "PATCH /v1/me", change, anna);
  assert.deepEqual(after.body, { ...before.body, ...change, age_ceiling: 18 });
  assert.deepEqual((await ask(auth, "GET /v1/me", undefined, anna)).body, after.body);
  const cleared = await ask(auth, "PATCH /v1/me", { display_name: null, birth_date: null }, anna);
  assert.deepEqual(
    [cleared.body.display_name, cleared.body.birth_date, cleared.body.age_ceiling],
    [null, null, 12],
  );
});

test("what cannot be is refused, and nothing else than four fields can be changed", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  const refusal = async (body: object) => (await ask(auth, "PATCH /v1/me", body, anna)).code;
  assert.equal(await refusal({}), "invalid_request");
  assert.equal(await refusal({ birth_date: "2026-13-01" }), "birth_date_invalid");
  assert.equal(await refusal({ birth_date: "2026-03-03" }), "birth_date_invalid");
  assert.equal(await refusal({ region: "atlantis" }), "region_unknown");
  assert.equal(await refusal({ region: null }), "invalid_request");
  assert.equal(await refusal({ display_name: " padded" }), "invalid_request");
  assert.equal(await refusal({ display_name: "two\nlines" }), "invalid_request");
  for (const hidden of ["\u200b", "\u00ad", "\u061c", "\u202e", "\u2060", "\u3164", "\ufff9", "\u{e0041}"])
    assert.equal(
      await refusal({ display_name: `Ан${hidden}на` }),
      "invalid_request",
      encodeURIComponent(hidden),
    );
  for (const field of ["role", "roles", "email", "status", "id", "email_verified", "created_at", "__proto__"])
    assert.equal(await refusal(JSON.parse(`{"locale":"en","${field}":"x"}`)), "invalid_request", field);
  assert.equal((await ask(auth, "GET /v1/me", undefined, anna)).body.locale, "en");
  assert.equal((await ask(auth, "PATCH /v1/me", { locale: "en" })).code, "sign_in_required");
});

test("a change of the birth date revokes what was issued before, and the next token tells the new age", async (t) => {
  const auth = await startTestAuth(t);
  const child = await auth.signUp({ birth_date: "2016-01-01" });
  assert.equal(claimsOf(child.accessToken).age_ceiling, 6);
  await ask(auth, "PATCH /v1/me", { display_name: "Кто-то" }, child);
  await ask(auth, "PATCH /v1/me", { birth_date: "2010-01-01" }, child);
  const revoked = await sql(
    auth,
    "select event, because from auth.revocations where account_id = $1",
    child.accountId,
  );
  assert.deepEqual(revoked, [{ event: "token-claims-change", because: "birth_date_changed" }]);
  const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: child.refreshToken });
  assert.equal(claimsOf(refreshed.body.access_token).age_ceiling, 16);
});

test("an account that moves is found by its id, its address and its sessions, there and back", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com", region: "ru_volga" });
  for (const region of ["ru_siberia", "ru_far_east", "ru_volga"]) {
    assert.equal((await ask(auth, "PATCH /v1/me", { region }, anna)).body.region, region);
    assert.equal((await ask(auth, "GET /v1/me", undefined, anna)).body.region, region);
    const again = await auth.signIn("anna@example.com");
    assert.equal(again.accountId, anna.accountId);
    const refreshed = await ask(auth, "POST /v1/sessions/refresh", { refresh_token: again.refreshToken });
    assert.equal(refreshed.status, 200);
  }
  const id = anna.accountId as AccountId;
  assert.deepEqual(await sql(auth, "select * from auth.relocations where account_id = $1", id), []);
  const [identifier] = await sql(auth, "select region from auth.identifiers where account_id = $1", id);
  assert.deepEqual(identifier, { region: 5 });
});

test("an account that moves there and back all the time is found whenever it is looked for", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com", region: "ru_volga" });
  const { accounts } = auth.auth.capabilities;
  let isMoving = true;
  const moving = (async () => {
    for (let nth = 0; nth < 40; nth += 1) {
      const region = ["ru_siberia", "ru_ural", "ru_volga"][nth % 3];
      assert.equal((await ask(auth, "PATCH /v1/me", { region }, anna)).status, 200);
    }
    isMoving = false;
  })();
  let missed = 0;
  while (isMoving)
    for (const found of await Promise.all(
      Array.from({ length: 6 }, () => accounts.find(anna.accountId as AccountId)),
    ))
      if (found === undefined) missed += 1;
  await moving;
  assert.equal(missed, 0);
});

test("thirty moves and changes at once all succeed and leave one account that everything agrees on", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com", region: "ru_volga" });
  const regions = ["ru_siberia", "ru_ural", "ru_volga"];
  let nth = 0;
  const answers = await together(30, () => {
    nth += 1;
    const change = nth % 2 === 0 ? { region: regions[nth % 3] } : { display_name: `Анна ${nth}` };
    return ask(auth, "PATCH /v1/me", change, anna);
  });
  assert.deepEqual(tally(answers), { "200": 30 });
  const rows = await sql<{ region: number; display_name: string }>(
    auth,
    "select region, display_name from auth.accounts where id = $1",
    anna.accountId,
  );
  assert.equal(rows.length, 1);
  assert.match(rows[0]?.display_name ?? "", /^Анна \d+$/, "no change was overwritten by an older row");
  const places = await sql<{ region: number }>(
    auth,
    `select region from auth.identifiers where account_id = $1
     union select region from auth.sessions where account_id = $1`,
    anna.accountId,
  );
  assert.deepEqual(places, [{ region: rows[0]?.region }]);
  await auth.signIn("anna@example.com");
});
