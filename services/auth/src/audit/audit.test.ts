import assert from "node:assert/strict";
import { test } from "node:test";
import { signUpWith } from "../roles/administrators.test-support.ts";
import { type Answered, ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { GOOD_PASSWORD, type SignedIn, startTestAuth, type TestAuth } from "../testing/start-auth.ts";

interface Entry {
  readonly action: string;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly account_id: string;
  readonly address: string | null;
  readonly occurred_at: Date;
}

type Operation = Parameters<typeof ask>[1];

let acts = 0;

/** Asks as somebody under an id of one's own, and finds what the trail has of that request. */
async function actOf(
  auth: TestAuth,
  operation: Operation,
  payload?: object,
  as?: SignedIn,
): Promise<{ readonly answer: Answered; readonly entries: readonly Entry[] }> {
  acts += 1;
  const id = `act-${acts}`;
  const answer = await ask(auth, operation, payload, as, { "x-request-id": id });
  assert.equal(answer.headers["x-request-id"], id);
  const entries = await sql<Entry>(
    auth,
    `select action, actor_kind, actor_id, account_id, host(address) as address, occurred_at
       from auth.audit_entries where request_id = $1 order by action`,
    id,
  );
  return { answer, entries };
}

const actions = (entries: readonly Entry[]) => entries.map(({ action }) => action);

test("every act leaves one entry of its kind: who, to whom, from where, when, and of which request", async (t) => {
  const auth = await startTestAuth(t);
  const root = await signUpWith(auth, "superuser");
  const anna = await auth.signUp({ email: "anna@example.com" });
  const next = "five yellow umbrellas";
  const form = { email: "boris@example.com", password: GOOD_PASSWORD };
  await ask(auth, "POST /v1/accounts", form);
  const [letter] = await auth.mails(form.email);
  const used = anna.refreshToken;
  await ask(auth, "POST /v1/sessions/refresh", { refresh_token: used });
  const role = { name: "support", permissions: ["accounts:read"], description: "Answers letters" };
  const own = `/v1/accounts/${anna.accountId}`;

  const table: readonly (readonly [
    Operation,
    object | undefined,
    SignedIn | undefined,
    readonly string[],
  ])[] = [
    [
      "POST /v1/accounts/confirm",
      { email: form.email, code: letter?.code },
      undefined,
      ["account.created", "session.opened"],
    ],
    ["POST /v1/sessions", { email: anna.email, password: GOOD_PASSWORD }, undefined, ["session.opened"]],
    ["POST /v1/sessions", { email: anna.email, password: "wrong" }, undefined, []],
    ["PATCH /v1/me", { locale: "en" }, anna, ["account.changed"]],
    ["PUT /v1/me/password", { current_password: "wrong", new_password: next }, anna, []],
    [
      "PUT /v1/me/password",
      { current_password: GOOD_PASSWORD, new_password: next },
      anna,
      ["password.changed", "session.ended"],
    ],
    ["PUT /v1/me/email", { email: "anna.new@example.com" }, anna, ["email.change_asked"]],
    ["POST /v1/roles", role, root, ["role.created"]],
    [`PUT ${own}/roles/support`, undefined, root, ["role.granted"]],
    [`PUT ${own}/roles/support`, undefined, root, []],
    [`DELETE ${own}/roles/support`, undefined, root, ["role.revoked"]],
    ["PATCH /v1/roles/support", { description: "Nobody" }, root, ["role.changed"]],
    ["DELETE /v1/roles/support", undefined, root, ["role.deleted"]],
    ["DELETE /v1/sessions/current", undefined, anna, ["session.ended"]],
    ["DELETE /v1/sessions/current", undefined, anna, []],
    [`PATCH ${own}`, { status: "disabled" }, root, ["account.disabled"]],
    [`PATCH ${own}`, { status: "active" }, root, ["account.enabled"]],
    [`PATCH ${own}`, { status: "active" }, undefined, []],
  ];
  for (const [operation, payload, as, expected] of table) {
    const { answer, entries } = await actOf(auth, operation, payload, as);
    assert.deepEqual(actions(entries), expected, `${operation} → ${answer.status} ${answer.code ?? ""}`);
    for (const { actor_kind: kind, actor_id: actor, address, occurred_at: at } of entries) {
      assert.deepEqual([kind, at, address], ["account", auth.clock.now(), "127.0.0.1"], operation);
      if (as !== undefined) assert.equal(actor, as.accountId, operation);
    }
  }
});

test("a stolen refresh token, a reset and an erased account are on record, and a refused act is not", async (t) => {
  const auth = await startTestAuth(t);
  const anna = await auth.signUp({ email: "anna@example.com" });
  await ask(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  auth.clock.advance({ seconds: 11 });
  const stolen = await actOf(auth, "POST /v1/sessions/refresh", { refresh_token: anna.refreshToken });
  assert.equal(stolen.answer.code, "refresh_token_reused");
  assert.deepEqual(actions(stolen.entries), ["session.refresh_token_reused"]);

  await ask(auth, "POST /v1/password-resets", { email: anna.email });
  const [letter] = await auth.mails(anna.email);
  const confirm = { email: anna.email, new_password: "five yellow umbrellas" };
  const wrong = await actOf(auth, "POST /v1/password-resets/confirm", { ...confirm, code: "00000000" });
  assert.deepEqual(actions(wrong.entries), []);
  const reset = await actOf(auth, "POST /v1/password-resets/confirm", { ...confirm, code: letter?.code });
  assert.deepEqual(actions(reset.entries), ["password.reset"]);

  const again = await auth.signIn(anna.email, confirm.new_password);
  const erased = await actOf(auth, "DELETE /v1/me", undefined, again);
  assert.equal(erased.answer.status, 204);
  assert.deepEqual(
    erased.entries.map(({ action, actor_kind: kind, actor_id: actor, account_id: of }) => [
      action,
      kind,
      actor,
      of,
    ]),
    [["account.erased", "system", null, anna.accountId]],
    "and nothing personal",
  );
});
