import assert from "node:assert/strict";
import test from "node:test";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { ISSUER, SITE, startSocial } from "./set-up.test-support.ts";

const DEAUTHORIZE = "/v1/social/facebook/deauthorize";
const DELETION = "/v1/social/facebook/data-deletion";

test("removing the app at Facebook ends its sessions and keeps the link for coming back", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  await auth.browser().link("facebook", "adult", anna);
  const phone = await auth.browser().signIn("facebook", "adult");
  const fields = { signed_request: auth.emulators.signedRequest("adult") };
  for (const _ of ["first", "repeated"]) {
    const answer = await auth.browser().post(DEAUTHORIZE, fields);
    assert.deepEqual([answer.status, answer.text], [200, '{"received":true}']);
  }
  assert.equal((await ask(auth, "GET /v1/me", undefined, phone)).code, "access_token_invalid");
  assert.equal((await ask(auth, "GET /v1/me", undefined, anna)).status, 200);
  const acts = await sql(
    auth,
    "select 1 from auth.audit_entries where action = 'social.removed_at_provider'",
  );
  assert.equal(acts.length, 1, "once, however often Facebook repeats it");
  const subjects = (await auth.mails(anna.email)).map(({ subject }) => subject);
  assert.ok(
    subjects.some((subject) => /removed Kinopass at Facebook/.test(subject)),
    subjects.join(),
  );
  assert.deepEqual(await sql(auth, "select sealed_tokens from auth.social_accounts"), [
    { sealed_tokens: null },
  ]);
  assert.equal((await auth.browser().signIn("facebook", "adult")).accountId, anna.accountId);
});

test("a deletion takes the link where there is another way in, and tells the person so", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  await auth.browser().link("facebook", "adult", anna);
  const fields = { signed_request: auth.emulators.signedRequest("adult") };
  const { status, text } = await auth.browser().post(DELETION, fields);
  assert.equal(status, 200);
  const { url, confirmation_code: code, ...more } = JSON.parse(text) as Record<string, string>;
  assert.deepEqual(more, {});
  assert.equal(url, `${ISSUER}${DELETION}/${code}`);
  assert.deepEqual(await sql(auth, "select id from auth.social_accounts"), []);
  assert.equal((await ask(auth, "GET /v1/me", undefined, anna)).status, 200);
  const page = await auth.app.inject({ url: `${DELETION}/${code}`, headers: { "accept-language": "ru" } });
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  assert.match(page.body, /Всё, что пришло от Facebook, удалено/);
  const again = JSON.parse((await auth.browser().post(DELETION, fields)).text) as Record<string, string>;
  assert.match((await auth.app.inject(`${DELETION}/${again["confirmation_code"]}`)).body, /We held nothing/);
});

test("a deletion takes the account that could only be entered with Facebook", async (t) => {
  const auth = await startSocial(t);
  const viewer = await auth.browser().signIn("facebook", "adult");
  const fields = { signed_request: auth.emulators.signedRequest("adult") };
  const { confirmation_code: code } = JSON.parse((await auth.browser().post(DELETION, fields)).text);
  assert.deepEqual(await sql(auth, "select id from auth.accounts"), []);
  assert.deepEqual(await sql(auth, "select kind from auth.identifiers"), []);
  assert.equal((await ask(auth, "GET /v1/me", undefined, viewer)).code, "access_token_invalid");
  assert.match((await auth.app.inject(`${DELETION}/${code}`)).body, /are deleted/);
});

test("a notice of Facebook's that is sent again after the person came back does nothing to them", async (t) => {
  const auth = await startSocial(t);
  const gone = await auth.browser().signIn("facebook", "adult");
  const fields = { signed_request: auth.emulators.signedRequest("adult") };
  await auth.browser().post(DELETION, fields);
  auth.clock.advance({ minutes: 15 });
  const back = await auth.browser().signIn("facebook", "adult");
  assert.notEqual(back.accountId, gone.accountId);
  const { confirmation_code: code } = JSON.parse((await auth.browser().post(DELETION, fields)).text);
  assert.match((await auth.app.inject(`${DELETION}/${code}`)).body, /We held nothing/);
  await auth.browser().post(DEAUTHORIZE, fields);
  assert.equal((await ask(auth, "GET /v1/me", undefined, back)).status, 200);

  const fresh = { signed_request: auth.emulators.signedRequest("adult") };
  await auth.browser().post(DEAUTHORIZE, fresh);
  assert.equal((await ask(auth, "GET /v1/me", undefined, back)).code, "access_token_invalid");
  auth.clock.advance({ minutes: 15 });
  const again = await auth.browser().signIn("facebook", "adult");
  await auth.browser().post(DEAUTHORIZE, fresh);
  assert.equal((await ask(auth, "GET /v1/me", undefined, again)).status, 200);
});

test("only Facebook's own signature counts", async (t) => {
  const auth = await startSocial(t);
  await auth.browser().signIn("facebook", "adult");
  const genuine = auth.emulators.signedRequest("adult");
  const [signature = "", payload = ""] = genuine.split(".");
  const forged = [
    `.${payload}`,
    `${signature}.`,
    `${signature}x.${payload}`,
    `${signature}.${Buffer.from('{"user_id":"1","algorithm":"HMAC-SHA256"}').toString("base64url")}`,
    "a.b",
    "x",
  ];
  for (const signed_request of forged) {
    for (const path of [DEAUTHORIZE, DELETION])
      assert.equal((await auth.browser().post(path, { signed_request })).problem, "signed_request_invalid");
  }
  assert.equal((await auth.browser().post(DELETION, {})).problem, "invalid_request");
  const twice = await auth.app.inject({
    method: "POST",
    url: DELETION,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: `signed_request=${genuine}&signed_request=${genuine}`,
  });
  assert.equal(twice.statusCode, 400);
  assert.equal(
    (await ask(auth, `POST ${DELETION}`, { signed_request: genuine })).status,
    200,
    "JSON is fine as well",
  );
});

test("a request nobody made has no page, and with Facebook off there are no notices", async (t) => {
  const auth = await startSocial(t);
  for (const code of ["a", "A".repeat(22), "%00"])
    assert.ok((await auth.app.inject(`${DELETION}/${code}`)).statusCode >= 400);
  const off = await startSocial(t, { config: { social: { settings: {}, returnTo: [SITE] } } });
  const answer = await off
    .browser()
    .post(DELETION, { signed_request: auth.emulators.signedRequest("adult") });
  assert.equal(answer.problem, "provider_unknown");
});
