import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "../ids.ts";
import { ask, look, signUpWith } from "../roles/administrators.test-support.ts";

import { activeTokens, CONSOLE, post, setUp } from "./set-up.test-support.ts";

test("an access token is told about, by form and by JSON", async (t) => {
  const { auth, credential, anna } = await setUp(t);
  const form = await post(
    auth,
    "/v1/introspect",
    credential,
    `token=${anna.accessToken}&token_type_hint=access_token`,
  );

  assert.equal(form.status, 200);
  assert.equal(form.headers["cache-control"], "no-store");
  const { jti, iat, exp, ...rest } = form.body;
  assert.deepEqual(rest, {
    active: true,
    token_type: "Bearer",
    iss: "http://auth.test",
    aud: "kinopass",
    client_id: "kinopass",
    sub: anna.accountId,
    sid: anna.sessionId,
    roles: [],
    age_ceiling: 12,
  });
  assert.equal(Number(exp) - Number(iat), 600);
  assert.ok(typeof jti === "string");
  const json = await post(auth, "/v1/introspect", credential, { token: anna.accessToken });
  assert.deepEqual(json.body, form.body);
});

test("a refresh token is told about while it would be taken, and not after", async (t) => {
  const { auth, credential, anna } = await setUp(t);
  const isActive = async (token: string) =>
    (await post(auth, "/v1/introspect", credential, `token=${token}`)).body["active"];
  const { body } = await post(auth, "/v1/introspect", credential, `token=${anna.refreshToken}`);
  assert.equal(body["token_type"], "refresh_token");
  assert.equal(body["sub"], anna.accountId);
  assert.equal(body["aud"], undefined);

  const next = await ask(auth, undefined, "POST", "/v1/sessions/refresh", {
    refresh_token: anna.refreshToken,
  });
  const successor = String(next.body["refresh_token"]);
  assert.equal(await isActive(anna.refreshToken), true);
  auth.clock.advance({ seconds: 10 });
  assert.equal(await isActive(anna.refreshToken), false);
  assert.equal(await isActive(successor), true);
  auth.clock.advance({ days: 30 });
  assert.equal(await isActive(successor), false);
});

test("whatever is not active is only that: forged, run out, signed out, disabled, of an old role", async (t) => {
  const { auth, credential } = await setUp(t);
  const { accounts, administration, roles } = auth.auth.capabilities;
  const root = await signUpWith(auth, "superuser");
  const nonsense = [
    "x",
    "a.b.c",
    `kp_rt_${"A".repeat(94)}`,
    `${root.accessToken}x`,
    `${root.refreshToken.slice(0, -1)}0`,
  ];
  for (const token of nonsense)
    assert.deepEqual((await post(auth, "/v1/introspect", credential, { token })).body, { active: false });

  const out = await auth.signUp();
  await ask(auth, out, "DELETE", "/v1/sessions/current");
  assert.deepEqual(await activeTokens(auth, credential, out), [false, false]);

  const disabled = await auth.signUp();
  await administration.setStatus(CONSOLE, disabled.accountId as AccountId, "disabled");
  assert.deepEqual(await activeTokens(auth, credential, disabled), [false, false]);

  const promoted = await auth.signUp();
  auth.clock.advance({ ms: 1 });
  await accounts.underLock(promoted.accountId as AccountId, (tx, { id }) =>
    roles.grant(tx, CONSOLE, id, "subscriber"),
  );
  assert.deepEqual(await activeTokens(auth, credential, promoted), [false, true]);

  const late = await auth.signUp();
  auth.clock.advance({ minutes: 10 });
  assert.deepEqual(await activeTokens(auth, credential, late), [false, true]);
});

test("revoking either token ends the session, also by a used refresh token; others go on", async (t) => {
  const { auth, credential } = await setUp(t);
  for (const kind of ["accessToken", "refreshToken", "used"] as const) {
    const person = await auth.signUp();
    const other = await auth.signIn(person.email);
    if (kind === "used") {
      await ask(auth, undefined, "POST", "/v1/sessions/refresh", { refresh_token: person.refreshToken });
      auth.clock.advance({ minutes: 1 });
    }
    const token = kind === "accessToken" ? person.accessToken : person.refreshToken;
    const { status, body } = await post(auth, "/v1/revoke", credential, `token=${token}`);
    assert.deepEqual({ status, body }, { status: 200, body: {} }, kind);
    assert.deepEqual(await activeTokens(auth, credential, person), [false, false]);
    assert.deepEqual(await activeTokens(auth, credential, other), [true, true]);
    const audit = await look<{ actor_kind: string; actor_id: string }>(
      auth,
      "select actor_kind, actor_id from auth.audit_entries where account_id = $1 and action = 'session.ended'",
      person.accountId,
    );
    assert.deepEqual(audit, [{ actor_kind: "service", actor_id: credential.id }]);
  }
});

test("revoking a token that is not ours, or twice, is no error", async (t) => {
  const { auth, credential, anna } = await setUp(t);
  for (const token of ["x", "a.b.c", `kp_rt_${"A".repeat(94)}`, anna.accessToken, anna.accessToken])
    assert.equal((await post(auth, "/v1/revoke", credential, { token })).status, 200, token);
});
