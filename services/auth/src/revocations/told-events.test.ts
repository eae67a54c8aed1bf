import assert from "node:assert/strict";
import { test } from "node:test";
import { Compile } from "typebox/compile";
import { ask, look, signUpWith, startAuth } from "../roles/administrators.test-support.ts";
import { feedContract } from "./asyncapi.ts";
import type { RevocationRow } from "./queries.ts";
import { SecurityEvent, type SecurityEventClaims, securityEventOf } from "./security-event.ts";

type TestAuth = Awaited<ReturnType<typeof startAuth>>;

const NAMES = { issuer: "http://auth.example", audience: "kinopass" };
const NEXT = "five yellow umbrellas";
const isEvent = Compile(SecurityEvent);

/** All that ends or changes what services believe, each at a person of its own. */
async function everything(auth: TestAuth): Promise<void> {
  const root = await signUpWith(auth, "superuser");
  const person = () => auth.signUp({ birth_date: "2010-01-01" });
  const [leaver, roamer, changer, newcomer, forgetter] = [
    await person(),
    await person(),
    await person(),
    await person(),
    await person(),
  ];
  const [older, subscriber, disabled, erased] = [
    await person(),
    await person(),
    await person(),
    await person(),
  ];
  const passwordless = "update auth.accounts set password_hash = null where id = $1";
  await look(auth, passwordless, newcomer.accountId);
  await auth.signIn(changer.email);
  await ask(auth, leaver, "DELETE", "/v1/sessions/current");
  await ask(auth, roamer, "DELETE", "/v1/sessions");
  const body = { current_password: changer.password, new_password: NEXT };
  assert.equal((await ask(auth, changer, "PUT", "/v1/me/password", body)).status, 204);
  assert.equal((await ask(auth, newcomer, "PUT", "/v1/me/password", { new_password: NEXT })).status, 204);
  await reset(auth, forgetter.email);
  await ask(auth, older, "PATCH", "/v1/me", { birth_date: "1990-01-01" });
  await ask(auth, root, "PUT", `/v1/accounts/${subscriber.accountId}/roles/subscriber`);
  await ask(auth, root, "PATCH", `/v1/accounts/${disabled.accountId}`, { status: "disabled" });
  assert.equal((await ask(auth, erased, "DELETE", "/v1/me")).status, 204);
}

async function reset(auth: TestAuth, email: string): Promise<void> {
  const inject = (url: string, payload: object) => auth.app.inject({ method: "POST", url, payload });
  await inject("/v1/password-resets", { email });
  const [mail] = await auth.mails(email);
  const { statusCode } = await inject("/v1/password-resets/confirm", {
    email,
    code: mail?.code,
    new_password: NEXT,
  });
  assert.equal(statusCode, 204);
}

/** An event's type, and whether it speaks of one session or of the account. */
function kindOf({ events, sub_id }: SecurityEventClaims): string {
  const [type = ""] = Object.keys(events);
  return `${type.split("/").at(-1)} of ${sub_id.session === undefined ? "account" : "session"}`;
}

test("Auth tells the kinds of event that the AsyncAPI document shows, and no other", async (t) => {
  const auth = await startAuth(t);
  await everything(auth);
  const rows = await look<RevocationRow & { because: string }>(
    auth,
    "select id, recorded_at, event, account_id, session_id, issued_before, because, claims from auth.revocations",
  );
  const told = rows.map((row) => securityEventOf(row, NAMES));
  for (const event of told) assert.ok(isEvent.Check(event), JSON.stringify(event));
  const { components } = feedContract("1") as {
    components: { messages: { revocation: { examples: { payload: SecurityEventClaims }[] } } };
  };
  const shown = components.messages.revocation.examples.map(({ payload }) => kindOf(payload));
  assert.deepEqual([...new Set(told.map(kindOf))].sort(), shown.sort());
  const types = new Set(told.flatMap(({ events }) => Object.keys(events)));
  assert.deepEqual([...types].sort(), Object.keys(SecurityEvent.properties.events.properties).sort());
  assert.deepEqual(
    rows
      .filter(({ event }) => event === "credential-change")
      .map(({ because }) => because)
      .sort(),
    ["password_changed", "password_reset", "password_set"],
  );
});

test("a first password is told as created, another as updated, and neither ends the session it was chosen in", async (t) => {
  const auth = await startAuth(t);
  const anna = await auth.signUp();
  await look(auth, "update auth.accounts set password_hash = null where id = $1", anna.accountId);
  await ask(auth, anna, "PUT", "/v1/me/password", { new_password: NEXT });
  await ask(auth, anna, "PUT", "/v1/me/password", { current_password: NEXT, new_password: `${NEXT} more` });
  const rows = await look<RevocationRow>(
    auth,
    "select id, recorded_at, event, account_id, session_id, issued_before, because, claims from auth.revocations order by id",
  );
  const details = rows.flatMap((row) => Object.values(securityEventOf(row, NAMES).events));
  assert.deepEqual(
    details.map(({ credential_type, change_type, kp_before_ms }) => [
      credential_type,
      change_type,
      kp_before_ms,
    ]),
    [
      ["password", "create", undefined],
      ["password", "update", undefined],
    ],
  );
  assert.equal((await ask(auth, anna, "GET", "/v1/me")).status, 200);
});
