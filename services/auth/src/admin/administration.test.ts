import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, look, makeRole, refused, signUpWith, startAuth } from "../roles/administrators.test-support.ts";
import { GOOD_PASSWORD } from "../testing/start-auth.ts";

const UNKNOWN = "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f";

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
