import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, makeRole, refused, signUpWith, startAuth } from "./administrators.test-support.ts";

test("guests are asked to sign in and members without the permission are refused, everywhere", async (t) => {
  const auth = await startAuth(t);
  const member = await signUpWith(auth, "subscriber");
  const account = `/v1/accounts/${member.accountId}`;
  const requests = [
    ["GET", "/v1/roles"],
    ["GET", "/v1/roles/subscriber"],
    ["POST", "/v1/roles", { name: "mine", permissions: [], description: "x" }],
    ["PATCH", "/v1/roles/subscriber", { description: "x" }],
    ["DELETE", "/v1/roles/subscriber"],
    ["PUT", `${account}/roles/superuser`],
    ["DELETE", `${account}/roles/subscriber`],
    ["GET", account],
    ["GET", "/v1/accounts?region=ru_volga"],
    ["PATCH", account, { status: "disabled" }],
    ["DELETE", `${account}/sessions`],
  ] as const;
  for (const request of requests) {
    await refused(auth, undefined, request, { status: 401, code: "sign_in_required" });
    await refused(auth, member, request, { status: 403, code: "permission_required" });
  }
});

test("each permission opens its own doors and no other", async (t) => {
  const auth = await startAuth(t);
  const someone = await auth.signUp();
  await makeRole(auth, "spare", []);
  const account = `/v1/accounts/${someone.accountId}`;
  const doors = {
    "accounts:read": ["GET", account],
    "accounts:write": ["PATCH", account, { status: "active" }],
    "sessions:end": ["DELETE", `${account}/sessions`],
    "roles:read": ["GET", "/v1/roles/subscriber"],
    "roles:write": ["PATCH", "/v1/roles/spare", { description: "still spare" }],
    "roles:grant": ["PUT", `${account}/roles/spare`],
  } as const;
  for (const permission of Object.keys(doors) as (keyof typeof doors)[]) {
    const role = `only-${permission.replace(":", "-")}`;
    await makeRole(auth, role, [permission]);
    const person = await signUpWith(auth, role);
    for (const [needed, [method, url, payload]] of Object.entries(doors)) {
      const { status } = await ask(auth, person, method, url, payload);
      assert.equal(status < 300, needed === permission, `${permission} at ${needed}: ${status}`);
    }
  }
});

test("what is taken away is gone at once, whatever the token in hand says", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  await makeRole(auth, "reader", ["roles:read"]);
  const reader = await signUpWith(auth, "reader");
  assert.equal((await ask(auth, reader, "GET", "/v1/roles")).status, 200);

  await ask(auth, root, "PATCH", "/v1/roles/reader", { permissions: [] });
  await refused(auth, reader, ["GET", "/v1/roles"], { status: 403, code: "permission_required" });
  await ask(auth, root, "PATCH", "/v1/roles/reader", { permissions: ["roles:read"] });
  assert.equal((await ask(auth, reader, "GET", "/v1/roles")).status, 200);

  await ask(auth, root, "DELETE", `/v1/accounts/${reader.accountId}/roles/reader`);
  await refused(auth, reader, ["GET", "/v1/roles"], { status: 403, code: "permission_required" });
});

test("nobody gives, takes or writes a permission they do not have", async (t) => {
  const auth = await startAuth(t);
  await makeRole(auth, "manager", ["roles:write", "roles:grant", "accounts:read"]);
  await makeRole(auth, "strong", ["accounts:write"]);
  const manager = await signUpWith(auth, "manager");
  const strong = await signUpWith(auth, "strong");
  const not = { status: 403, code: "permission_not_held" };
  const own = `/v1/accounts/${manager.accountId}/roles`;
  const theirs = `/v1/accounts/${strong.accountId}/roles`;

  await refused(auth, manager, ["PUT", `${own}/superuser`], not);
  await refused(auth, manager, ["PUT", `${own}/strong`], not);
  await refused(auth, manager, ["DELETE", `${theirs}/strong`], not);
  const wish = { name: "mine", permissions: ["*"], description: "x" };
  await refused(auth, manager, ["POST", "/v1/roles", wish], not);
  await refused(auth, manager, ["POST", "/v1/roles", { ...wish, permissions: ["accounts:write"] }], not);
  await refused(auth, manager, ["PATCH", "/v1/roles/manager", { permissions: ["sessions:end"] }], not);
  await refused(auth, manager, ["PATCH", "/v1/roles/strong", { permissions: ["accounts:read"] }], not);
  await refused(auth, manager, ["DELETE", "/v1/roles/strong"], not);

  const made = await ask(auth, manager, "POST", "/v1/roles", { ...wish, permissions: ["accounts:read"] });
  assert.equal(made.status, 201);
  assert.equal((await ask(auth, manager, "PUT", `${theirs}/mine`)).status, 204);
  assert.equal((await ask(auth, manager, "DELETE", `${theirs}/mine`)).status, 204);
});
