import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Transaction } from "@kinopass/postgres";
import type { TestAuth } from "../testing/start-auth.ts";
import { ask, look, makeRole, signUpWith, startAuth } from "./administrators.test-support.ts";

async function setUp(t: TestContext) {
  const auth = await startAuth(t);
  await makeRole(auth, "granter", ["roles:grant"]);
  await makeRole(auth, "growing", []);
  return { auth, granter: await signUpWith(auth, "granter") };
}

/** Lets a request run into the lock of the roles, changes something under it, and lets the request go on. */
async function askMeanwhile(
  auth: TestAuth,
  request: () => ReturnType<typeof ask>,
  change: string,
  ...values: unknown[]
) {
  let pending: ReturnType<typeof ask> | undefined;
  await auth.auth.capabilities.db.transaction(async (tx) => {
    await run(tx, "select pg_advisory_xact_lock(hashtext('auth.roles'))");
    pending = request();
    const deadline = performance.now() + 3_500;
    while (!(await isSomebodyWaiting(auth)))
      assert.ok(performance.now() < deadline, "the request never waited");
    await run(tx, change, ...values);
  });
  return await pending;
}

async function isSomebodyWaiting(auth: TestAuth): Promise<boolean> {
  return (await look(auth, "select from pg_locks where locktype = 'advisory' and not granted")).length > 0;
}

async function run(tx: Transaction, text: string, ...values: unknown[]): Promise<void> {
  await tx.run({ name: "", text, values });
}

test("a role that grows while it is being granted is not given away by somebody with less", async (t) => {
  const { auth, granter } = await setUp(t);
  const answer = await askMeanwhile(
    auth,
    () => ask(auth, granter, "PUT", `/v1/accounts/${granter.accountId}/roles/growing`),
    "update auth.roles set permissions = '{accounts:write}' where name = 'growing'",
  );
  assert.equal(answer?.code, "permission_not_held");
});

test("an administrator who loses the permission while the request waits is refused", async (t) => {
  const { auth, granter } = await setUp(t);
  const answer = await askMeanwhile(
    auth,
    () => ask(auth, granter, "PUT", `/v1/accounts/${granter.accountId}/roles/growing`),
    "delete from auth.role_grants where account_id = $1",
    granter.accountId,
  );
  assert.equal(answer?.code, "permission_required");
});

test("a role that is deleted while it is being granted is not there any more", async (t) => {
  const { auth, granter } = await setUp(t);
  const answer = await askMeanwhile(
    auth,
    () => ask(auth, granter, "PUT", `/v1/accounts/${granter.accountId}/roles/growing`),
    "delete from auth.roles where name = 'growing'",
  );
  assert.equal(answer?.code, "role_not_found");
});
