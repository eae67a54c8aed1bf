import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountId } from "../ids.ts";
import {
  ask,
  grantFromConsole,
  look,
  refused,
  setStatus,
  signUpWith,
  startAuth,
} from "./administrators.test-support.ts";

const LAST = { status: 409, code: "last_superuser" };

test("the last superuser keeps the role, whoever asks", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const own = `/v1/accounts/${root.accountId}`;
  await refused(auth, root, ["DELETE", `${own}/roles/superuser`], LAST);
  await refused(auth, root, ["PATCH", own, { status: "disabled" }], LAST);

  const second = await signUpWith(auth, "superuser");
  assert.equal((await ask(auth, second, "DELETE", `${own}/roles/superuser`)).status, 204);
  await refused(auth, second, ["DELETE", `/v1/accounts/${second.accountId}/roles/superuser`], LAST);
});

test("a superuser who is disabled does not count as one who is left", async (t) => {
  const auth = await startAuth(t);
  const root = await signUpWith(auth, "superuser");
  const second = await signUpWith(auth, "superuser");
  await setStatus(auth.auth.capabilities.db, second.accountId, "disabled");

  await refused(auth, root, ["DELETE", `/v1/accounts/${root.accountId}/roles/superuser`], LAST);
});

test("an erasure takes all roles with it, but not the last superuser's", async (t) => {
  const auth = await startAuth(t);
  const { db, roles } = auth.auth.capabilities;
  const root = await signUpWith(auth, "superuser", "subscriber");
  const erase = (id: string) => db.transaction((tx) => roles.forget(tx, id as AccountId));
  await assert.rejects(erase(root.accountId), { code: "last_superuser" });

  await signUpWith(auth, "superuser");
  await erase(root.accountId);
  assert.deepEqual([...(await roles.permissionsOf(root.accountId as AccountId))], []);
});

test("of two superusers who take the role from each other at the same moment exactly one is left, 200 times", async (t) => {
  const auth = await startAuth(t);
  const [a, b] = [await signUpWith(auth, "superuser"), await signUpWith(auth, "superuser")];
  for (let round = 0; round < 200; round += 1) {
    const answers = await Promise.all([
      ask(auth, a, "DELETE", `/v1/accounts/${b.accountId}/roles/superuser`),
      ask(auth, b, "DELETE", `/v1/accounts/${a.accountId}/roles/superuser`),
    ]);
    const left = await look<{ account_id: string }>(
      auth,
      "select account_id from auth.role_grants where role_name = 'superuser'",
    );
    assert.equal(left.length, 1, `round ${round}: ${JSON.stringify(answers)}`);
    assert.deepEqual(answers.filter(({ status }) => status === 204).length, 1);
    assert.ok(
      answers.every(({ status }) => status === 204 || status === 403),
      JSON.stringify(answers),
    );
    await grantFromConsole(
      auth,
      left[0]?.account_id === a.accountId ? b.accountId : a.accountId,
      "superuser",
    );
  }
});

test("of two superusers who disable each other at the same moment one can still sign in, 50 times", async (t) => {
  const auth = await startAuth(t);
  const [first, second] = [await signUpWith(auth, "superuser"), await signUpWith(auth, "superuser")];
  let [a, b] = [first, second];
  for (let round = 0; round < 50; round += 1) {
    await Promise.all([
      ask(auth, a, "PATCH", `/v1/accounts/${b.accountId}`, { status: "disabled" }),
      ask(auth, b, "PATCH", `/v1/accounts/${a.accountId}`, { status: "disabled" }),
    ]);
    const active = await look(auth, "select from auth.accounts where status = 'active'");
    assert.equal(active.length, 1, `round ${round}`);
    for (const { accountId } of [a, b]) await setStatus(auth.auth.capabilities.db, accountId, "active");
    [a, b] = [await auth.signIn(first.email), await auth.signIn(second.email)];
  }
});
