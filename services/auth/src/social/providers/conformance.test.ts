import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
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
import type { ProviderName } from "./provider.ts";

/** What every provider must do, run against its emulator. */
interface Case {
  readonly name: ProviderName;
  /** Whose emulator answers. */
  readonly emulated: ProviderName;
  readonly settings?: Readonly<Record<string, string | undefined>>;
  readonly codeLifeMs: number;
  readonly alwaysHasEmail?: true;
  readonly revokes: boolean;
  /** Where else than the token endpoint a sign-in can break. */
  readonly second: "profile" | "keys";
  readonly wrongSecret?: Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;
const CASES: Readonly<Record<string, Case>> = {
  yandex: {
    name: "yandex",
    emulated: "yandex",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
  },
  vk: {
    name: "vk",
    emulated: "vk",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
    wrongSecret: { AUTH_SOCIAL_VK_CLIENT_ID: "999" },
  },
  mailru: {
    name: "mailru",
    emulated: "mailru",
    codeLifeMs: 10 * MINUTE_MS,
    alwaysHasEmail: true,
    revokes: false,
    second: "profile",
  },
  "mailru through VK ID": {
    name: "mailru",
    emulated: "vk",
    settings: { AUTH_SOCIAL_MAILRU_THROUGH: "vk", AUTH_SOCIAL_MAILRU_CLIENT_ID: "51000001" },
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
    wrongSecret: { AUTH_SOCIAL_MAILRU_CLIENT_ID: "999" },
  },
  google: {
    name: "google",
    emulated: "google",
    codeLifeMs: 10 * MINUTE_MS,
    alwaysHasEmail: true,
    revokes: true,
    second: "keys",
  },
  facebook: {
    name: "facebook",
    emulated: "facebook",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
  },
  x: { name: "x", emulated: "x", codeLifeMs: 30_000, revokes: true, second: "profile" },
  odnoklassniki: {
    name: "odnoklassniki",
    emulated: "odnoklassniki",
    codeLifeMs: 2 * MINUTE_MS,
    revokes: false,
    second: "profile",
  },
  telegram: {
    name: "telegram",
    emulated: "telegram",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: false,
    second: "keys",
  },
  apple: {
    name: "apple",
    emulated: "apple",
    codeLifeMs: 5 * MINUTE_MS,
    alwaysHasEmail: true,
    revokes: true,
    second: "keys",
    wrongSecret: { AUTH_SOCIAL_APPLE_KEY_ID: "ANOTHERKEY" },
  },
};

/** Faults and how each must end; with the honest deadline cut short so that the silent ones end soon. */
const FAULT_ENDS: Readonly<Record<string, "provider_unreachable" | "provider_garbage">> = {
  hang: "provider_unreachable",
  drip: "provider_unreachable",
  reset: "provider_unreachable",
  cut_off: "provider_unreachable",
  "500": "provider_unreachable",
  "503": "provider_unreachable",
  "429": "provider_unreachable",
  html: "provider_garbage",
  empty: "provider_garbage",
  null: "provider_garbage",
  truncated: "provider_garbage",
  huge: "provider_garbage",
  redirect: "provider_garbage",
};
const SHORT_MS = 400;

for (const [title, kase] of Object.entries(CASES)) {
  const own = (changes: Changes = {}): Changes => ({
    ...changes,
    settings: { ...kase.settings, ...changes.settings },
  });

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

    for (const place of ["token", kase.second] as const) {
      for (const [kind, end] of Object.entries(FAULT_ENDS)) {
        test(`${kind} at the ${place} endpoint ends in ${place === "keys" ? "unreachable keys" : end}`, async (t) => {
          const { provider, emulators } = await onGround(t);
          const quiet = kind === "hang" || kind === "drip";
          const there = provider(kase.name, own(quiet ? { around: { totalMs: SHORT_MS } } : {}));
          const callback = await callbackOf(there, "adult");
          emulators.setFault(kase.emulated, { kind, at: place });
          const began = performance.now();
          const failure = await failureOf(there.finish(callback));
          assert.equal(failure.kind, place === "keys" ? "provider_unreachable" : end, failure.message);
          assert.ok(performance.now() - began < 5_000);
          assert.doesNotMatch(inspect(failure), /secret|access_token|code=/);
        });
      }
    }

    test("a wrong content type is forgiven when the body is right", async (t) => {
      const { provider, emulators } = await onGround(t);
      emulators.setFault(kase.emulated, { kind: "wrong_type" });
      assert.ok((await signIn(provider(kase.name, own()), "adult")).subject);
    });

    test("a viewer who leaves ends the waiting, and the provider is not blamed", async (t) => {
      const { provider, emulators } = await onGround(t);
      const there = provider(kase.name, own());
      const callback = await callbackOf(there, "adult");
      emulators.setFault(kase.emulated, { kind: "hang", at: "token" });
      const left = new AbortController();
      const pending = failureOf(there.finish({ ...callback, signal: left.signal }));
      setTimeout(() => left.abort(), 50);
      assert.equal((await pending).kind, "provider_unreachable");
      assert.equal(there.health().state, "up");
    });

    test("five failures open the breaker, which costs nothing to ask and lets one call try again", async (t) => {
      const { provider, emulators, clock, calls } = await onGround(t);
      const there = provider(kase.name, own());
      const callback = await callbackOf(there, "adult");
      emulators.setFault(kase.emulated, { kind: "503", at: "token" });
      for (let attempt = 0; attempt < 5; attempt += 1) await failureOf(there.finish(callback));
      const asked = calls.length;
      const failure = await failureOf(there.finish(callback));
      assert.deepEqual([failure.because, failure.retryAfterMs], ["breaker_open", 15_000]);
      assert.equal(calls.length, asked);
      assert.deepEqual(there.health(), { state: "down", retryAfterMs: 15_000 });

      emulators.clearFaults();
      clock.advance(15_000);
      await signIn(there, "adult");
      assert.equal(there.health().state, "up");
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

    if (kase.revokes) {
      test("a provider that is away while unlinking is told from one that has revoked", async (t) => {
        const { provider, emulators } = await onGround(t);
        const there = provider(kase.name, own({ around: { totalMs: SHORT_MS } }));
        const { tokensForUnlink } = await signIn(provider(kase.name, own()), "adult");
        for (const kind of ["hang", "503", "reset"]) {
          emulators.setFault(kase.emulated, { kind, at: "revoke", times: 1 });
          const failure = await failureOf(there.revoke(tokensForUnlink ?? {}));
          assert.equal(failure.kind, "provider_unreachable", kind);
        }
      });
    }
  });
}
