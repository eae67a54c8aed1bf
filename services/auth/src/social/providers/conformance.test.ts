import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { CASES, changesFor } from "./conformance-cases.ts";
import {
  authorizeUrl,
  type Changes,
  callbackOf,
  callbackWith,
  failureOf,
  onGround,
  REDIRECT_URI,
  signIn,
} from "./emulated.ts";

/** What every provider must do, run against its emulator. */
for (const [title, kase] of Object.entries(CASES)) {
  const own = (changes: Changes = {}): Changes => changesFor(kase, changes);

  describe(title, { concurrency: true }, () => {
    test("a person who agrees becomes a profile, the same one each time and another for another person", async (t) => {
      const { provider } = await onGround(t);
      const there = provider(kase.name, own());
      const first = await signIn(there, "adult");
      const again = await signIn(there, "adult");
      const other = await signIn(there, "child");
      assert.match(first.subject, /^[\x21-\x7e]{1,255}$/);
      assert.equal(again.subject, first.subject);
      assert.notEqual(other.subject, first.subject);
      assert.equal(first.name, "Анна Примерова");
    });

    test("a person without an e-mail signs in like anybody", async (t) => {
      const { provider } = await onGround(t);
      const { subject, email } = await signIn(provider(kase.name, own()), "no-email");
      assert.ok(subject);
      if (!kase.alwaysHasEmail) assert.equal(email, undefined);
    });

    test("an address nobody confirmed is never called verified, save where the mailbox is the account", async (t) => {
      const { provider } = await onGround(t);
      const { email } = await signIn(provider(kase.name, own()), "unverified");
      if (title !== "mailru") assert.ok(email === undefined || email.verifiedBy === "nothing");
    });

    test("a birth date without its year stays without one", async (t) => {
      const { provider } = await onGround(t);
      const { birthDate } = await signIn(provider(kase.name, own()), "yearless");
      assert.ok(
        birthDate === undefined || (birthDate.precision === "yearless" && birthDate.year === undefined),
      );
    });

    test("the way out carries the exact redirect address, state and S256 challenge, and no secret", async (t) => {
      const { provider, emulators } = await onGround(t);
      const there = provider(kase.name, own());
      const url = authorizeUrl(there);
      assert.equal(url.searchParams.get("redirect_uri"), REDIRECT_URI);
      assert.equal(url.searchParams.get("response_type"), "code");
      assert.equal(url.searchParams.get("state"), callbackWith({}).state);
      assert.equal(url.searchParams.get("code_challenge_method"), there.usesPkce ? "S256" : null);
      assert.equal(url.searchParams.get("nonce"), there.usesNonce ? callbackWith({}).nonce : null);
      assert.ok(!url.href.includes(callbackWith({}).verifier));
      for (const [key, value] of Object.entries(emulators.environment)) {
        if (/SECRET|PRIVATE/.test(key)) assert.ok(!url.href.includes(value), key);
      }
    });

    test("the state is found in the callback that carries it", async (t) => {
      const { provider } = await onGround(t);
      const there = provider(kase.name, own());
      const { params, state } = await callbackOf(there, "adult");
      assert.equal(there.stateOf(params), state);
      for (const bad of [{}, { state: "" }, { state: ["a", "b"] }, { state: { a: 1 } }]) {
        assert.equal(there.stateOf(bad), undefined);
      }
    });

    test("a person who refuses is a denial, told without asking the provider", async (t) => {
      const { provider, calls } = await onGround(t);
      const there = provider(kase.name, own());
      const failure = await failureOf(there.finish(await callbackOf(there, "deny")));
      assert.equal(failure.kind, "denied");
      assert.equal(calls.length, 0);
    });

    test("a callback nobody could have meant for us ends before any request", async (t) => {
      const { provider, calls } = await onGround(t);
      const there = provider(kase.name, own());
      const { params } = await callbackOf(there, "adult");
      const odd: [Record<string, unknown>, string][] = [
        [{ state: params["state"] }, title === "google" ? "substitution" : "bad_callback"],
        [{ ...params, code: "" }, "bad_callback"],
        [{ ...params, code: ["a", "b"] }, "bad_callback"],
        [{ ...params, code: "c".repeat(5000) }, "bad_callback"],
        [{ ...params, iss: "https://honest.example" }, "substitution"],
        [{ ...params, iss: ["https://accounts.google.com"] }, "substitution"],
        [{ ...params, access_token: "stolen" }, "substitution"],
        [{ ...params, error: "<script>alert(1)</script>", error_description: "<script>" }, "provider_error"],
      ];
      for (const [fields, kind] of odd) {
        const failure = await failureOf(there.finish(callbackWith(fields)));
        assert.equal(failure.kind, kind, JSON.stringify(fields));
        assert.doesNotMatch(inspect(failure), /<script>/);
      }
      assert.equal(calls.length, 0);
    });

    test("a code works once", async (t) => {
      const { provider } = await onGround(t);
      const there = provider(kase.name, own());
      const callback = await callbackOf(there, "adult");
      await there.finish(callback);
      assert.equal((await failureOf(there.finish(callback))).kind, "code_spent");
    });

    test("a late code asks to start again", async (t) => {
      const { provider, clock } = await onGround(t);
      const there = provider(kase.name, own());
      const callback = await callbackOf(there, "adult");
      clock.advance(kase.codeLifeMs + 1000);
      assert.equal((await failureOf(there.finish(callback))).kind, "code_spent");
    });

    test("a stolen code with another verifier or nonce signs nobody in", async (t) => {
      const { provider } = await onGround(t);
      const there = provider(kase.name, own());
      if (there.usesPkce) {
        const callback = await callbackOf(there, "adult");
        const failure = await failureOf(there.finish({ ...callback, verifier: "x".repeat(43) }));
        assert.ok(["code_spent", "substitution"].includes(failure.kind), failure.message);
      }
      if (there.usesNonce) {
        const callback = await callbackOf(there, "adult");
        const failure = await failureOf(there.finish({ ...callback, nonce: "another" }));
        assert.deepEqual([failure.kind, failure.because], ["substitution", "id_token_nonce"]);
      }
    });

    test("credentials the provider does not take are the operator's matter", async (t) => {
      const { provider } = await onGround(t);
      const callback = await callbackOf(provider(kase.name, own()), "adult");
      const key = `AUTH_SOCIAL_${kase.name.toUpperCase()}_CLIENT_SECRET`;
      const settings = { ...kase.settings, ...(kase.wrongSecret ?? { [key]: "wrong" }) };
      const failure = await failureOf(provider(kase.name, { settings }).finish(callback));
      assert.equal(failure.kind, "misconfigured");
    });

    test("unlinking takes the permission back where there is a way, and twice does no harm", async (t) => {
      const { provider } = await onGround(t);
      const there = provider(kase.name, own());
      const { tokensForUnlink } = await signIn(there, "adult");
      assert.equal(tokensForUnlink !== undefined, kase.revokes);
      const first = await there.revoke(tokensForUnlink ?? {});
      assert.equal(first.kind, kase.revokes ? "revoked" : "not_possible");
      const second = await there.revoke(tokensForUnlink ?? {});
      assert.notEqual(second.kind, kase.revokes ? "not_possible" : "revoked");
    });

    test("tokens that are not there are said to be not there", async (t) => {
      const { provider, calls } = await onGround(t);
      assert.equal((await provider(kase.name, own()).revoke({})).kind, "not_possible");
      assert.equal(calls.length, 0);
    });
  });
}
