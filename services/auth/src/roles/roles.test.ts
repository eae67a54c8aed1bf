import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, look, makeRole, refused, signUpWith, startAuth } from "./administrators.test-support.ts";

const UNKNOWN = "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f";

test("a superuser makes, reads, changes and deletes a role", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const body = {
    name: "support",
    permissions: ["accounts:read", "sessions:end"],
    description: "Answers letters",
  };

  const made = await ask(auth, root, "POST", "/v1/roles", body);
  assert.equal(made.status, 201);
  assert.equal(made.body["built_in"], false);
  assert.deepEqual((await ask(auth, root, "GET", "/v1/roles/support")).body, made.body);

  const changed = await ask(auth, root, "PATCH", "/v1/roles/support", { permissions: ["accounts:read"] });
  assert.deepEqual(changed.body["permissions"], ["accounts:read"]);
  assert.equal(changed.body["description"], "Answers letters");

  assert.equal((await ask(auth, root, "DELETE", "/v1/roles/support")).status, 204);
  await refused(auth, root, ["GET", "/v1/roles/support"], { status: 404, code: "role_not_found" });
});

test("roles are listed page by page, and a foreign cursor is refused", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  for (const name of ["a-role", "b-role", "z-role"]) await makeRole(auth, name, []);
  const names: string[] = [];
  let cursor = "";
  do {
    const { body } = await ask(auth, root, "GET", `/v1/roles?page_size=2${cursor}`);
    names.push(...(body["items"] as { name: string }[]).map(({ name }) => name));
    cursor = body["next_cursor"] === null ? "" : `&cursor=${String(body["next_cursor"])}`;
  } while (cursor !== "");
  assert.deepEqual(names, ["a-role", "b-role", "subscriber", "superuser", "z-role"]);

  const bad = { status: 400, code: "invalid_request" };
  for (const url of [
    "/v1/roles?cursor=x",
    "/v1/roles?cursor=WzFd",
    "/v1/roles?page_size=101",
    "/v1/roles?page_size=0",
  ])
    await refused(auth, root, ["GET", url], bad);
});

test("what gives power away needs a sign-in of the last ten minutes, and reading does not", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const { accountId } = await auth.signUp();
  await makeRole(auth, "spare", []);
  auth.clock.advance({ minutes: 9, seconds: 59 });
  const grant = `/v1/accounts/${accountId}/roles/subscriber`;
  assert.equal((await ask(auth, root, "PUT", grant)).status, 204);

  auth.clock.advance({ seconds: 2 });
  const { body } = await ask(auth, undefined, "POST", "/v1/sessions/refresh", {
    refresh_token: root.refreshToken,
  });
  const old = { ...root, headers: { authorization: `Bearer ${String(body["access_token"])}` } };
  const expected = { status: 403, code: "reauth_required" };
  const role = { name: "another", permissions: [], description: "x" };
  await refused(auth, old, ["PUT", grant], expected);
  await refused(auth, old, ["DELETE", grant], expected);
  await refused(auth, old, ["POST", "/v1/roles", role], expected);
  await refused(auth, old, ["PATCH", "/v1/roles/spare", { description: "x" }], expected);
  await refused(auth, old, ["DELETE", "/v1/roles/spare"], expected);
  assert.equal((await ask(auth, old, "GET", "/v1/roles/spare")).status, 200);

  const again = await auth.signIn(root.email);
  assert.equal((await ask(auth, again, "DELETE", grant)).status, 204);
});

test("built-in roles can be granted, but not changed or deleted", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  for (const name of ["superuser", "subscriber"]) {
    await refused(auth, root, ["PATCH", `/v1/roles/${name}`, { description: "x" }], {
      status: 409,
      code: "role_built_in",
    });
    await refused(auth, root, ["DELETE", `/v1/roles/${name}`], { status: 409, code: "role_built_in" });
  }
  assert.equal((await ask(auth, root, "PUT", `/v1/accounts/${root.accountId}/roles/subscriber`)).status, 204);
});

test("a role that somebody has cannot be deleted, and its name cannot be taken twice", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  await makeRole(auth, "held", []);
  const holder = await signUpWith(auth, "held");
  await refused(auth, root, ["DELETE", "/v1/roles/held"], { status: 409, code: "role_in_use" });
  const twice = { name: "held", permissions: [], description: "x" };
  await refused(auth, root, ["POST", "/v1/roles", twice], { status: 409, code: "role_exists" });

  await ask(auth, root, "DELETE", `/v1/accounts/${holder.accountId}/roles/held`);
  assert.equal((await ask(auth, root, "DELETE", "/v1/roles/held")).status, 204);
});

test("granting asks for what exists, and a second time changes nothing", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const own = `/v1/accounts/${root.accountId}/roles`;
  await refused(auth, root, ["PUT", `${own}/nothing`], { status: 404, code: "role_not_found" });
  await refused(auth, root, ["PUT", `/v1/accounts/${UNKNOWN}/roles/subscriber`], {
    status: 404,
    code: "account_not_found",
  });
  await refused(auth, root, ["DELETE", `${own}/subscriber`], { status: 404, code: "role_not_granted" });
  await refused(auth, root, ["PUT", `${own}/Not%20A%20Role`], { status: 400, code: "invalid_request" });

  for (const _ of [1, 2]) assert.equal((await ask(auth, root, "PUT", `${own}/subscriber`)).status, 204);
  const audit = await look(
    auth,
    "select from auth.audit_entries where action = 'role.granted' and details ->> 'role' = 'subscriber'",
  );
  assert.equal(audit.length, 1);
});

test("what no role can be made of is refused before the database", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const good = { name: "good", permissions: ["roles:read"], description: "x" };
  const bad = [
    { ...good, name: "Bad" },
    { ...good, name: "a" },
    { ...good, permissions: ["films:burn"] },
    { ...good, permissions: ["roles:read", "roles:read"] },
    { ...good, permissions: "roles:read" },
    { ...good, description: "" },
    { ...good, built_in: true },
  ];
  for (const body of bad)
    await refused(auth, root, ["POST", "/v1/roles", body], { status: 400, code: "invalid_request" });
  for (const body of [{}, { built_in: false }, { name: "other" }])
    await refused(auth, root, ["PATCH", "/v1/roles/subscriber", body], {
      status: 400,
      code: "invalid_request",
    });
});

test("every change leaves one audit entry, and a change of what somebody may do is announced to services", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const someone = await auth.signUp();
  await look(auth, "delete from auth.revocations");
  const grant = `/v1/accounts/${someone.accountId}/roles/held`;
  for (const [method, url, body] of [
    ["POST", "/v1/roles", { name: "held", permissions: [], description: "x" }],
    ["PATCH", "/v1/roles/held", { description: "y" }],
    ["PUT", grant, undefined],
    ["DELETE", grant, undefined],
    ["DELETE", "/v1/roles/held", undefined],
  ] as const) {
    assert.ok((await ask(auth, root, method, url, body)).status < 300);
    auth.clock.advance({ seconds: 1 });
  }
  await refused(auth, root, ["DELETE", `/v1/accounts/${root.accountId}/roles/superuser`], {
    status: 409,
    code: "last_superuser",
  });

  const entries = await look<{ action: string }>(
    auth,
    "select action from auth.audit_entries where action like 'role.%' and actor_id = $1 and session_id = $2 and request_id is not null order by id",
    root.accountId,
    root.sessionId,
  );
  assert.deepEqual(
    entries.map(({ action }) => action),
    ["role.created", "role.changed", "role.granted", "role.revoked", "role.deleted"],
  );
  const told = await look<{ event: string; because: string; account_id: string }>(
    auth,
    "select event, because, account_id from auth.revocations order by id",
  );
  const account_id = someone.accountId;
  assert.deepEqual(told, [
    { event: "token-claims-change", because: "role_granted", account_id },
    { event: "token-claims-change", because: "role_revoked", account_id },
  ]);
});

test("a granted role is in the next token", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const someone = await auth.signUp();
  await ask(auth, root, "PUT", `/v1/accounts/${someone.accountId}/roles/subscriber`);
  const { body } = await ask(auth, undefined, "POST", "/v1/sessions/refresh", {
    refresh_token: someone.refreshToken,
  });
  const claims = Buffer.from(String(body["access_token"]).split(".")[1] ?? "", "base64url").toString();
  assert.deepEqual((JSON.parse(claims) as { roles: string[] }).roles, ["subscriber"]);
});
