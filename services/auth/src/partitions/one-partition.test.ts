/**
 * Every statement that the service runs, explained while it runs: under a generic plan each touches one
 * leaf of each partitioned table. A statement that somebody adds tomorrow is watched as well.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { parseEmail } from "../directory/email-address.ts";
import type { AccountId } from "../ids.ts";
import { ask, signUpWith, startAuth } from "../roles/administrators.test-support.ts";
import type { TestAuth } from "../testing/start-auth.ts";
import {
  explain,
  parentsOfLeaves,
  scansIn,
  type Touched,
  watchLeaves,
} from "./touched-leaves.test-support.ts";

/** Statements whose promise this file is about; each must have been seen. */
const HOT = [
  "directory.claim",
  "directory.find_owner",
  "accounts.find",
  "accounts.find_moved",
  "accounts.insert",
  "accounts.lock",
  "sessions.open",
  "sessions.rotate",
  "sessions.find_live",
  "sessions.list_live",
  "sessions.end_one",
  "sessions.end_others",
  "sessions.end_reused",
  "sessions.rename_device",
  "history.insert",
  "history.page",
  "audit.insert",
  "roles.permissions_of",
  "roles.grant",
  "roles.revoke",
  "introspection.token_state",
  "admin.accounts_of_region",
  "admin.accounts_of_age",
  "admin.accounts_of_unknown_age",
];

/** Statements that may touch more, with the most leaves they may touch and the reason. */
const MORE: Readonly<Record<string, { readonly most: number; readonly because: string }>> = {
  "history.page": { most: 4, because: "90 days reach into four months at most" },
  "history.all": { most: 100, because: "an export is rare and whole" },
  "history.erase": { most: 100, because: "an erasure is rare and whole" },
  "roles.has_other_superuser": { most: 100, because: "asked only when a superuser goes" },
  "sessions.pay": { most: 100, because: "ends in the background what a locked table had put off" },
  "sessions.strike_off": { most: 100, because: "the same" },
  "sessions.stretch": { most: 100, because: "a purge in the background walks over all of them" },
  "sessions.remove": { most: 100, because: "a purge in the background" },
};

test("every statement of sign-up, sign-in, refresh, devices, history, roles and introspection touches one leaf", async (t) => {
  const auth = await startAuth(t);
  const { capabilities } = auth.auth;
  const { rows } = await capabilities.db.run<{ plan_cache_mode: string }>({
    name: "",
    text: "show plan_cache_mode",
    values: [],
  });
  assert.deepEqual(rows, [{ plan_cache_mode: "force_generic_plan" }]);
  // Months before and after, so that pruning has something to prune.
  for (const month of ["2025-02-01", "2025-06-01", "2025-10-01"])
    await capabilities.partitions.ensureMonths(new Date(month));
  const touched = await watchLeaves(capabilities.db);

  await live(auth);

  const names = new Set(touched.map(({ name }) => name));
  assert.deepEqual(
    HOT.filter((name) => !names.has(name)),
    [],
    "never ran",
  );
  for (const one of touched) assertFewLeaves(one);
  const history = touched.filter(({ name }) => name === "history.page");
  assert.ok(history.some(({ leaves }) => (leaves.get("sign_ins")?.length ?? 0) >= 1));
});

function assertFewLeaves({ name, text, leaves }: Touched): void {
  const most = MORE[name]?.most ?? 1;
  for (const [parent, found] of leaves)
    assert.ok(
      found.length <= most,
      `${name} reads ${found.length} leaves of ${parent}: ${found.join(", ")}\n${text}`,
    );
}

/** A day in the life of a service. */
async function live(auth: TestAuth): Promise<void> {
  const root = await signUpWith(auth, "superuser");
  const anna = await auth.signUp({ region: "ru_volga", birth_date: "1990-05-17" });
  const phone = await auth.signIn(anna.email);
  const tv = await auth.signIn(anna.email);
  await auth.app.inject({
    method: "POST",
    url: "/v1/sessions",
    payload: { email: anna.email, password: "wrong one" },
  });
  const expectOk = async (
    ...request: Parameters<typeof ask> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const answer = await ask(auth, ...request);
    assert.ok(answer.status < 300, `${request[1]} ${request[2]}: ${JSON.stringify(answer)}`);
    return answer;
  };
  await expectOk(undefined, "POST", "/v1/sessions/refresh", { refresh_token: phone.refreshToken });
  const mover = await auth.signUp({ region: "ru_volga" });
  await expectOk(mover, "PATCH", "/v1/me", { region: "ru_siberia" });
  await expectOk(mover, "GET", "/v1/me");
  await expectOk(anna, "GET", "/v1/sessions");
  await expectOk(anna, "PATCH", `/v1/sessions/${tv.sessionId}`, { device: { name: "TV" } });
  await expectOk(anna, "DELETE", `/v1/sessions/${tv.sessionId}`);
  await expectOk(anna, "GET", "/v1/me/sign-ins?page_size=2");
  await expectOk(anna, "GET", "/v1/me/sign-ins?device=tv");
  await expectOk(anna, "GET", "/v1/me");
  await expectOk(root, "PUT", `/v1/accounts/${anna.accountId}/roles/subscriber`);
  await expectOk(root, "DELETE", `/v1/accounts/${anna.accountId}/roles/subscriber`);
  await expectOk(root, "GET", `/v1/accounts/${anna.accountId}`);
  await expectOk(root, "GET", `/v1/accounts?email=${anna.email}`);
  for (const query of ["region=ru_volga", "region=ru_volga&age_ceiling=18", "region=ru_volga&age_ceiling=12"])
    await expectOk(root, "GET", `/v1/accounts?${query}`);
  for (const token of [anna.accessToken, anna.refreshToken])
    await auth.auth.capabilities.introspection.introspect(token);
  await expectOk(anna, "DELETE", "/v1/sessions?except=current");
  await useOldToken(auth, anna.refreshToken);
  await expectOk(root, "PATCH", `/v1/accounts/${anna.accountId}`, { status: "disabled" });
  await expectOk(root, "DELETE", `/v1/accounts/${anna.accountId}/sessions`);
  await auth.auth.capabilities.erasure.export(root.accountId as AccountId);
}

async function useOldToken(auth: TestAuth, token: string): Promise<void> {
  await ask(auth, undefined, "POST", "/v1/sessions/refresh", { refresh_token: token });
  auth.clock.advance({ minutes: 1 });
  const { code } = await ask(auth, undefined, "POST", "/v1/sessions/refresh", { refresh_token: token });
  assert.equal(code, "refresh_token_reused");
}

async function leavesOf(t: TestContext, text: string, values: readonly unknown[]): Promise<number[]> {
  const auth = await startAuth(t);
  const { db } = auth.auth.capabilities;
  const parents = await parentsOfLeaves(db);
  const leaves = await db.transaction((tx) => explain(tx, { text, values }, parents));
  return [...leaves.values()].map((found) => found.length);
}

const SOMEBODY = "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f";

test("a function that finds an account by its address scans one leaf of each table, also for nobody's", async (t) => {
  const auth = await startAuth(t);
  const anna = await auth.signUp({ region: "ru_volga" });
  const { accounts, db } = auth.auth.capabilities;
  for (const [email, home] of [
    [anna.email, "accounts_ru_volga"],
    ["nobody@example.com", "accounts_ru_unassigned"],
  ] as const) {
    const leaves = await db.transaction(async (tx) => {
      const before = await scansIn(tx);
      // On this connection, whose scans are counted here.
      t.mock.method(db, "run", tx.run.bind(tx));
      await accounts.findByEmail(parseEmail(email));
      t.mock.restoreAll();
      const after = await scansIn(tx);
      return [...after].filter(([leaf, scans]) => scans > (before.get(leaf) ?? 0)).map(([leaf]) => leaf);
    });
    assert.deepEqual(
      leaves.map((leaf) => leaf.replace(/_\d+$/, "")),
      [home, "identifiers", "role_grants"],
      leaves.join(" "),
    );
  }
});

test("the function that finds many accounts by their addresses scans one leaf of each table for each", async (t) => {
  const auth = await startAuth(t);
  const anna = await auth.signUp({ region: "ru_volga" });
  const { accounts, db } = auth.auth.capabilities;
  const leaves = await db.transaction(async (tx) => {
    const before = await scansIn(tx);
    t.mock.method(db, "run", tx.run.bind(tx));
    await Promise.all([anna.email, anna.email].map((email) => accounts.findByEmail(parseEmail(email))));
    t.mock.restoreAll();
    const after = await scansIn(tx);
    return [...after].flatMap(([leaf, scans]) => {
      const more = scans - (before.get(leaf) ?? 0);
      return more > 0 ? [`${leaf.replace(/_\d+$/, "")} ${more}`] : [];
    });
  });
  assert.deepEqual(leaves, ["accounts_ru_volga 2", "identifiers 2", "role_grants 2"]);
});

test("the proof sees what it must: a statement without the partition key is caught", async (t) => {
  assert.deepEqual(await leavesOf(t, "select from auth.accounts where id = $1", [SOMEBODY]), [9]);
  assert.deepEqual(await leavesOf(t, "select from auth.sessions where id = $1", [SOMEBODY]), [8]);
  assert.deepEqual(
    await leavesOf(t, "update auth.sessions set counter = counter where id = $1", [SOMEBODY]),
    [8],
  );
  assert.deepEqual(await leavesOf(t, "select from auth.sign_ins where account_id = $1", [SOMEBODY]), [4]);
  assert.deepEqual(
    await leavesOf(t, "select from auth.sessions where account_id = $1 and id = $2", [SOMEBODY, SOMEBODY]),
    [1],
  );
});
