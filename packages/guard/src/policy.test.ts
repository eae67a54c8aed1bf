import assert from "node:assert/strict";
import { test } from "node:test";
import { type Caller, guest, type Member, refused } from "./caller.ts";
import { age, all, any, decide, member, open, type Policy, role, seenByRoute, strict } from "./policy.ts";
import { refusalOf } from "./refusals.ts";

const viewer: Member = {
  kind: "member",
  certainty: "fresh",
  accountId: "a",
  sessionId: "s",
  clientId: "web",
  roles: new Set(["subscriber"]),
  ageCeiling: 16,
  because: "verified",
};
const inGrace: Member = { ...viewer, certainty: "grace", because: "auth_away" };
const stale: Member = { ...viewer, certainty: "stale", because: "auth_away" };
const nobody = guest("no_token", "fresh");
const unknowable = guest("auth_away", "stale");
const forger = refused("token_invalid", "fresh");
const late = refused("token_expired", "fresh");
const dead = refused("session_ended", "stale");

function verdict(policy: Policy, caller: Caller): string {
  const decision = decide(policy, caller);
  return decision.allow ? "yes" : `${decision.status} ${decision.code}`;
}

test("an open route takes everybody, and makes a guest of a bad token", () => {
  for (const caller of [viewer, stale, inGrace, nobody, unknowable, forger, late, dead]) {
    assert.equal(verdict(open, caller), "yes");
  }
  assert.deepEqual(seenByRoute(forger), guest("token_invalid", "fresh"));
  assert.equal(seenByRoute(viewer), viewer);
});

test("a member route says what is wrong with the token, and 503 where that is not the viewer's fault", () => {
  const expected: [Caller, string][] = [
    [viewer, "yes"],
    [stale, "yes"],
    [inGrace, "yes"],
    [nobody, "401 sign_in_required"],
    [forger, "401 token_invalid"],
    [late, "401 token_expired"],
    [dead, "401 session_ended"],
    [refused("token_outdated", "fresh"), "401 token_outdated"],
    [unknowable, "503 auth_unavailable"],
  ];
  for (const [caller, answer] of expected) assert.equal(verdict(member, caller), answer);
});

test("a role is enough if it is one of those asked for", () => {
  assert.equal(verdict(role("editor", "subscriber"), viewer), "yes");
  assert.equal(verdict(role("editor"), viewer), "403 role_required");
  assert.equal(verdict(role("editor"), nobody), "401 sign_in_required");
  assert.equal(verdict(role("editor"), unknowable), "503 auth_unavailable");
});

test("an age is compared with the ceiling of the account", () => {
  assert.equal(verdict(age(16), viewer), "yes");
  assert.equal(verdict(age(18), viewer), "403 age_restricted");
  assert.equal(verdict(age(0), nobody), "401 sign_in_required");
});

test("a strict route is for members, and only while everything is current", () => {
  assert.equal(verdict(strict, viewer), "yes");
  assert.equal(verdict(strict, nobody), "401 sign_in_required");
  for (const caller of [stale, inGrace, unknowable, guest("no_token", "stale"), dead]) {
    assert.equal(verdict(strict, caller), "503 strict_unavailable");
  }
});

test("all asks for every part, and names our own trouble before the viewer's", () => {
  assert.equal(verdict(all(role("subscriber"), age(16)), viewer), "yes");
  assert.equal(verdict(all(role("subscriber"), age(18)), viewer), "403 age_restricted");
  assert.equal(verdict(all(role("admin"), strict), stale), "503 strict_unavailable");
  assert.equal(verdict(all(open, member), nobody), "401 sign_in_required");
});

test("any asks for one part, and says how to get there where none is met", () => {
  assert.equal(verdict(any(role("admin"), age(12)), viewer), "yes");
  assert.equal(verdict(any(role("admin"), open), nobody), "yes");
  assert.equal(verdict(any(role("admin"), age(18)), viewer), "403 role_required");
  assert.equal(verdict(any(role("admin"), member), nobody), "401 sign_in_required");
  assert.equal(verdict(any(role("admin"), strict), stale), "503 strict_unavailable");
  assert.equal(verdict(all(any(role("admin"), age(16)), member), viewer), "yes");
});

test("a 401 carries a challenge and a 503 says when to come back", () => {
  assert.deepEqual(refusalOf("sign_in_required").headers, { "www-authenticate": 'Bearer realm="kinopass"' });
  assert.match(
    refusalOf("token_expired").headers["www-authenticate"] ?? "",
    /^Bearer .*error="invalid_token"/,
  );
  assert.match(refusalOf("role_required").headers["www-authenticate"] ?? "", /error="insufficient_scope"/);
  assert.deepEqual(refusalOf("strict_unavailable", 5).headers, { "retry-after": "5" });
  const away = decide(strict, stale);
  assert.equal(away.allow ? undefined : away.retryAfter, 5);
});
