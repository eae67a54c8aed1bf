import assert from "node:assert/strict";
import { test } from "node:test";
import { look } from "../roles/administrators.test-support.ts";

import { ALL, CONSOLE, post, setUp } from "./set-up.test-support.ts";

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
