import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { AuthenticToken } from "../tokens/claims.ts";
import { readSecurityEvent } from "./feed-event.ts";
import { Knowledge } from "./knowledge.ts";
import { Revocations } from "./revocations.ts";

const NOW = 1_800_000_000_000;
const ISSUER = "https://auth.test";
const CAEP = "https://schemas.openid.net/secevent/caep/event-type";

function token(part: Partial<AuthenticToken> = {}): AuthenticToken {
  return {
    accountId: "alice",
    sessionId: "tv",
    clientId: "web",
    roles: new Set(),
    ageCeiling: 18,
    keyId: "k",
    issuedAtMs: NOW,
    expiresAtMs: NOW + 600_000,
    ...part,
  };
}

function event(type: string, details: object, session?: string): string {
  return JSON.stringify({
    iss: ISSUER,
    jti: randomUUID(),
    iat: NOW / 1000,
    aud: "services",
    sub_id: {
      format: "complex",
      user: { format: "iss_sub", iss: ISSUER, sub: "alice" },
      ...(session === undefined ? {} : { session: { format: "opaque", id: session } }),
    },
    events: { [type]: { event_timestamp: NOW / 1000, ...details } },
  });
}

test("an ended session is dead, and its neighbours live", () => {
  const revocations = new Revocations(100);
  revocations.add({ kind: "session", sessionId: "tv", atMs: NOW }, 0);
  assert.equal(revocations.ends(token()), "session_ended");
  assert.equal(revocations.ends(token({ sessionId: "phone" })), undefined);
});

test("an account's cut-off ends what was issued before that millisecond, and nothing after", () => {
  const revocations = new Revocations(100);
  const add = (beforeMs: number) =>
    revocations.add({ kind: "account", accountId: "alice", beforeMs, because: "session_ended" }, 0);
  add(NOW + 500);
  assert.equal(revocations.ends(token({ issuedAtMs: NOW + 499 })), "session_ended");
  assert.equal(revocations.ends(token({ issuedAtMs: NOW + 500 })), undefined);
  assert.equal(revocations.ends(token({ accountId: "bob" })), undefined);
  add(NOW + 100);
  assert.equal(
    revocations.ends(token({ issuedAtMs: NOW + 499 })),
    "session_ended",
    "an older event takes nothing back",
  );
});

test("a change of roles asks for a new token and does not hide a sign-out", () => {
  const revocations = new Revocations(100);
  revocations.add({ kind: "account", accountId: "alice", beforeMs: NOW, because: "session_ended" }, 0);
  revocations.add(
    { kind: "account", accountId: "alice", beforeMs: NOW + 9_000, because: "token_outdated" },
    0,
  );
  assert.equal(revocations.ends(token({ issuedAtMs: NOW - 1 })), "session_ended");
  assert.equal(revocations.ends(token({ issuedAtMs: NOW + 1 })), "token_outdated");
  assert.equal(revocations.ends(token({ issuedAtMs: NOW + 9_000 })), undefined);
});

test("what was heard too long ago to matter is forgotten, whatever a wall clock says of it", () => {
  const revocations = new Revocations(100);
  const account = { kind: "account", accountId: "alice", because: "token_outdated" } as const;
  revocations.add({ kind: "session", sessionId: "tv", atMs: NOW }, 1_000);
  revocations.add({ ...account, beforeMs: NOW }, 1_000);
  revocations.add({ kind: "session", sessionId: "phone", atMs: NOW - 3_600_000 }, 2_000);
  revocations.forget(1_000);
  assert.deepEqual([revocations.sessions, revocations.accounts], [2, 1]);
  revocations.add({ ...account, beforeMs: NOW }, 3_000);
  revocations.forget(1_001);
  assert.deepEqual([revocations.sessions, revocations.accounts], [1, 0], "a repetition is no news");
  assert.equal(revocations.ends(token({ sessionId: "phone" })), "session_ended");
  revocations.add({ ...account, beforeMs: NOW }, 3_000);
  revocations.add({ ...account, beforeMs: NOW + 1 }, 4_000);
  revocations.forget(4_000);
  assert.deepEqual([revocations.sessions, revocations.accounts], [0, 1]);
});

test("a flood is bounded and does not bring anybody back", () => {
  const revocations = new Revocations(1_000);
  for (let index = 0; index < 10_000; index += 1) {
    revocations.add({ kind: "session", sessionId: `s${index}`, atMs: NOW + index }, index);
  }
  assert.ok(revocations.sessions <= 1_000);
  for (let index = 0; index < 10_000; index += 1) {
    assert.notEqual(
      revocations.ends(token({ sessionId: `s${index}`, issuedAtMs: NOW + index - 1 })),
      undefined,
    );
  }
  assert.equal(revocations.ends(token({ issuedAtMs: NOW + 10_000 })), undefined);
});

test("CAEP events mean what they say", () => {
  const before = { kp_before_ms: NOW + 250 };
  const account = (because: string) => [
    { kind: "account", accountId: "alice", beforeMs: NOW + 250, because },
  ];
  assert.deepEqual(readSecurityEvent(event(`${CAEP}/session-revoked`, before, "tv"), ISSUER), [
    { kind: "session", sessionId: "tv", atMs: NOW + 250 },
  ]);
  assert.deepEqual(
    readSecurityEvent(event(`${CAEP}/session-revoked`, before), ISSUER),
    account("session_ended"),
  );
  assert.deepEqual(readSecurityEvent(event(`${CAEP}/credential-change`, before), ISSUER), []);
  assert.deepEqual(
    readSecurityEvent(event(`${CAEP}/token-claims-change`, before), ISSUER),
    account("token_outdated"),
  );
  assert.deepEqual(readSecurityEvent(event(`${CAEP}/device-compliance-change`, {}), ISSUER), []);
});

test("without the exact instant, the whole second is taken", () => {
  assert.deepEqual(readSecurityEvent(event(`${CAEP}/session-revoked`, {}), ISSUER), [
    { kind: "account", accountId: "alice", beforeMs: NOW + 1_000, because: "session_ended" },
  ]);
});

test("what is not an event of this issuer is not read at all", () => {
  const good = event(`${CAEP}/session-revoked`, {});
  for (const bad of [
    "",
    "{}",
    "[]",
    "null",
    good.slice(0, -1),
    good.replaceAll(ISSUER, "https://evil.test"),
  ]) {
    assert.equal(readSecurityEvent(bad, ISSUER), undefined);
  }
});

function knowing() {
  const time = { uptime: 0 };
  return { knowledge: new Knowledge(100, () => time.uptime), time };
}
const ended = (sessionId: string) => [{ kind: "session", sessionId, atMs: NOW } as const];

test("a snapshot takes over at its end, and one that is cut leaves the old set whole", () => {
  const { knowledge } = knowing();
  knowledge.connected();
  knowledge.learn(ended("tv"), "1");
  assert.equal(knowledge.complete, false);
  assert.equal(knowledge.cursor, undefined, "a cursor inside a snapshot would skip the rest of it");
  knowledge.snapshotEnds("1");
  assert.deepEqual([knowledge.complete, knowledge.cursor], [true, "1"]);

  knowledge.connected();
  knowledge.snapshotBegins();
  knowledge.learn(ended("phone"), "2");
  knowledge.disconnected();
  assert.deepEqual([knowledge.ends(token()), knowledge.cursor], ["session_ended", "1"]);
  assert.equal(
    knowledge.ends(token({ sessionId: "phone" })),
    "session_ended",
    "a revocation is never wrong early",
  );

  knowledge.connected();
  knowledge.snapshotBegins();
  knowledge.learn(ended("phone"), "2");
  knowledge.snapshotEnds("2");
  assert.equal(knowledge.ends(token()), undefined, "not in the new snapshot, so no longer live");
  assert.equal(knowledge.cursor, "2");
});

test("the age of what is known counts from the last word, and not from half an answer", () => {
  const { knowledge, time } = knowing();
  assert.equal(knowledge.ageMs, undefined);
  knowledge.connected();
  assert.equal(knowledge.heartbeat(), false);
  assert.equal(knowledge.ageMs, undefined);
  knowledge.snapshotEnds("0");
  time.uptime += 4_000;
  assert.equal(knowledge.ageMs, 4_000);
  assert.equal(knowledge.heartbeat(), true);
  assert.equal(knowledge.ageMs, 0);
  knowledge.disconnected();
  time.uptime += 20_000;
  knowledge.connected();
  knowledge.learn(ended("tv"), "1");
  knowledge.heartbeat();
  assert.equal(knowledge.ageMs, 20_000);
});
