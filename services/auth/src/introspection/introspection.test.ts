import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AccountId } from "../ids.ts";
import { ask, look, signUpWith, startAuth } from "../roles/administrators.test-support.ts";
import type { SignedIn, TestAuth } from "../testing/start-auth.ts";
import type { NewCredential, Scope } from "./service-credentials.ts";

const CONSOLE = { kind: "console" } as const;
const ALL: readonly Scope[] = ["introspect", "revoke", "revocations"];

async function setUp(t: TestContext, scopes = ALL) {
  const auth = await startAuth(t);
  const credential = await auth.auth.capabilities.services.add(CONSOLE, "catalog", scopes);
  return { auth, credential, anna: await signUpWith(auth, "subscriber") };
}

type Credential = Pick<NewCredential, "id"> & { readonly secret: string };

async function post({ app }: TestAuth, url: string, by: Credential | undefined, body: object | string) {
  const form = typeof body === "string";
  const answer = await app.inject({
    method: "POST",
    url,
    headers: {
      "content-type": form ? "application/x-www-form-urlencoded" : "application/json",
      ...(by === undefined ? {} : { authorization: basic(by) }),
    },
    payload: form ? body : JSON.stringify(body),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.json() as Record<string, unknown>,
  };
}

function basic({ id, secret }: Credential): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

/** What introspection says of both tokens of a session. */
async function activeTokens(auth: TestAuth, credential: Credential, person: SignedIn): Promise<boolean[]> {
  const answers = [];
  for (const token of [person.accessToken, person.refreshToken]) {
    const { status, body } = await post(auth, "/v1/introspect", credential, { token });
    assert.equal(status, 200);
    if (body["active"] === false) assert.deepEqual(body, { active: false });
    answers.push(body["active"] === true);
  }
  return answers;
}

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

test("without a right credential there is no answer, and the reason is not told", async (t) => {
  const { auth, credential, anna } = await setUp(t);
  const { id, secret } = credential;
  const wrong = { id, secret: `kp_sk_${"A".repeat(43)}` };
  for (const by of [
    undefined,
    wrong,
    { id: "svc_0000000000000000", secret },
    { id, secret: "" },
    { id: "", secret },
  ]) {
    for (const url of ["/v1/introspect", "/v1/revoke"]) {
      const { status, headers, body } = await post(auth, url, by, { token: anna.accessToken });
      assert.equal(status, 401);
      assert.equal(body["code"], "invalid_client");
      assert.equal(body["error"], "invalid_client");
      assert.match(String(headers["www-authenticate"]), /^Basic /);
    }
  }
  const bearer = await auth.app.inject({
    method: "POST",
    url: "/v1/introspect",
    headers: anna.headers,
    payload: { token: anna.accessToken },
  });
  assert.equal(bearer.json().code, "invalid_client");
});

test("a credential is good for its scopes only, and not a moment after it is disabled", async (t) => {
  const { auth, credential, anna } = await setUp(t, ["introspect"]);
  const token = anna.accessToken;
  assert.equal((await post(auth, "/v1/introspect", credential, { token })).status, 200);
  const refused = await post(auth, "/v1/revoke", credential, { token });
  assert.deepEqual([refused.status, refused.body["code"]], [403, "insufficient_scope"]);

  assert.equal(await auth.auth.capabilities.services.disable(CONSOLE, "catalog"), true);
  assert.equal((await post(auth, "/v1/introspect", credential, { token })).status, 401);
  assert.equal(await auth.auth.capabilities.services.disable(CONSOLE, "catalog"), false);
});

test("bodies are taken as strictly as everywhere: nothing twice, nothing missing, nothing odd", async (t) => {
  const { auth, credential, anna } = await setUp(t);
  const bad = [
    "",
    "token=",
    "token=a&token=b",
    "token=%00",
    "token_type_hint=access_token",
    `token=${"a".repeat(4097)}`,
    { token: anna.accessToken, client_id: "x" },
    { token: [anna.accessToken] },
    {},
  ];
  for (const body of bad)
    assert.equal((await post(auth, "/v1/introspect", credential, body)).status, 400, JSON.stringify(body));
  // RFC 6749 §3.2: a form's unknown parameters are ignored.
  const extra = await post(auth, "/v1/introspect", credential, `token=${anna.accessToken}&resource=x`);
  assert.equal(extra.body["active"], true);
  const elsewhere = await auth.app.inject({
    method: "POST",
    url: "/v1/sessions/refresh",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: `refresh_token=${anna.refreshToken}`,
  });
  assert.equal(elsewhere.statusCode, 415);
});

test("a secret is kept as its hash, a name is taken once, and both acts are on record", async (t) => {
  const { auth, credential } = await setUp(t);
  const { services } = auth.auth.capabilities;
  assert.match(credential.secret, /^kp_sk_[A-Za-z0-9_-]{43}$/);
  await assert.rejects(services.add(CONSOLE, "catalog", ALL), { code: "service_exists" });
  await services.disable(CONSOLE, credential.id);

  const [row] = await look<{ row: string }>(
    auth,
    "select to_jsonb(c)::text as row from auth.service_credentials c",
  );
  assert.ok(row !== undefined && !row.row.includes(credential.secret.slice(6)));
  assert.deepEqual(Object.keys((await services.list())[0] ?? {}), [
    "id",
    "name",
    "scopes",
    "created_at",
    "disabled_at",
  ]);
  const audit = await look<{ action: string }>(
    auth,
    "select action from auth.audit_entries where details ->> 'service' = $1 order by action",
    credential.id,
  );
  assert.deepEqual(
    audit.map(({ action }) => action),
    ["service.added", "service.disabled"],
  );
});
