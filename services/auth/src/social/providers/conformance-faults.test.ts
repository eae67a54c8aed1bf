import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { CASES, changesFor } from "./conformance-cases.ts";
import { type Changes, callbackOf, failureOf, onGround, signIn } from "./emulated.ts";

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
  const own = (changes: Changes = {}): Changes => changesFor(kase, changes);

  describe(title, { concurrency: true }, () => {
    for (const place of ["token", kase.second] as const) {
      for (const [kind, end] of Object.entries(FAULT_ENDS)) {
        test(`${kind} at the ${place} endpoint ends in ${place === "keys" ? "unreachable keys" : end}`, async (t) => {
          const { provider, emulators } = await onGround(t);
          const quiet = kind === "hang" || kind === "drip";
          const there = provider(kase.name, own(quiet ? { around: { totalMs: SHORT_MS } } : {}));
          const callback = await callbackOf(there, "adult");
          emulators.setFault(kase.emulated, { kind, at: place });
          const failure = await failureOf(there.finish(callback));
          assert.equal(failure.kind, place === "keys" ? "provider_unreachable" : end, failure.message);
          if (quiet && place !== "keys") assert.equal(failure.because, "deadline");
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
