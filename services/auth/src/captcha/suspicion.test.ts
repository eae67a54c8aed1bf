import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Captcha } from "./captcha.ts";
import { STORES } from "./testing/stores.ts";
import {
  captchaOn,
  LIVING_ROOM,
  NETWORK,
  next,
  READING_MS,
  reckon,
  shown,
  wrongFor,
} from "./testing/viewer.ts";

const REQUEST = { caller: LIVING_ROOM, network: NETWORK, language: "ru" } as const;

/** Opens as many challenges as the network gets, then fails each faster than any person. */
async function hammer(captcha: Captcha): Promise<void> {
  const challenges = await Promise.all(Array.from({ length: 40 }, () => shown(captcha)));
  for (const { id } of challenges) {
    for (const answer of [1, 2, 3]) await captcha.answer({ id, answer, caller: LIVING_ROOM });
  }
}

for (const [name, openStore] of Object.entries(STORES)) {
  describe(`suspicion in ${name}`, { concurrency: 4 }, () => {
    test("many unanswered challenges of one network make sums harder, then the network waits", async (t) => {
      const { captcha } = captchaOn(await openStore(t));
      const signs: (string | undefined)[] = [];
      for (let count = 0; count < 41; count++) signs.push((await shown(captcha)).text);

      const waiting = await captcha.issue(REQUEST);

      assert.ok(
        signs.slice(0, 10).every((text) => !text?.includes("умножить")),
        "the first ten are easy",
      );
      assert.ok(
        signs.slice(20).every((text) => text?.includes("умножить")),
        "from the twenty-first all are hard",
      );
      assert.deepEqual(waiting, { kind: "paused", retryAfterMs: 5_000 });
    });

    test("the wait is exact, and asking during it does not make it longer", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      for (let count = 0; count < 41; count++) await shown(captcha);
      clock.advance({ ms: 4_999 });

      const early = await Promise.all(Array.from({ length: 20 }, () => captcha.issue(REQUEST)));
      clock.advance({ ms: 1 });
      const after = await Promise.all(Array.from({ length: 20 }, () => captcha.issue(REQUEST)));

      assert.ok(early.every((outcome) => outcome.kind === "paused" && outcome.retryAfterMs === 1));
      assert.equal(after.filter(({ kind }) => kind === "issued").length, 2);
      assert.equal(after.filter(({ kind }) => kind === "paused").length, 18);
    });

    test("a network that hammers is refused, a known device in it only waits, others are untouched", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      await hammer(captcha);

      const refused = await captcha.issue(REQUEST);
      const known = await captcha.issue({ ...REQUEST, knownDevice: true });
      const neighbour = await captcha.issue({ ...REQUEST, network: "198.51.100.1" });

      assert.equal(refused.kind, "refused");
      assert.ok(refused.retryAfterMs <= 160_001, `${refused.retryAfterMs} ms`);
      assert.notEqual(known.kind, "refused");
      assert.equal(neighbour.kind, "issued");
      clock.advance({ ms: refused.retryAfterMs });
      assert.notEqual((await captcha.issue(REQUEST)).kind, "refused");
    });

    test("answers as regular as a machine's bring the network to a stop, though all are right", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      let solved = 0;
      for (;;) {
        const outcome = await captcha.issue(REQUEST);
        if (outcome.kind !== "issued") break;
        clock.advance({ ms: READING_MS + (solved % 3) * 50 });
        await captcha.answer({
          id: outcome.challenge.id,
          answer: reckon(outcome.challenge),
          caller: LIVING_ROOM,
        });
        solved += 1;
        assert.ok(solved < 30, "nobody stopped the machine");
      }
      assert.ok(solved >= 6, "six answers are needed to see a rhythm");
    });

    test("people of one network who answer right, each at their own pace, are never slowed", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      for (let count = 0; count < 60; count++) {
        const challenge = await shown(captcha);
        assert.ok(!challenge.text?.includes("умножить"), "the sums stay easy");
        clock.advance({ ms: READING_MS + ((count * 731) % 3_000) });
        const { kind } = await captcha.answer({
          id: challenge.id,
          answer: reckon(challenge),
          caller: LIVING_ROOM,
        });
        assert.equal(kind, "solved");
      }
    });

    test("a person who errs at every try for an hour never waits longer than twenty seconds", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const end = clock.now().getTime() + 3_600_000;
      let longestWait = 0;
      while (clock.now().getTime() < end) {
        const outcome = await captcha.issue(REQUEST);
        assert.ok(outcome.kind === "issued" || outcome.kind === "paused", outcome.kind);
        if (outcome.kind === "paused") {
          longestWait = Math.max(longestWait, outcome.retryAfterMs);
          clock.advance({ ms: outcome.retryAfterMs });
          continue;
        }
        let { challenge } = outcome;
        for (const pace of [0, 200, 400]) {
          clock.advance({ ms: READING_MS + pace });
          const answered = await captcha.answer({
            id: challenge.id,
            answer: wrongFor(challenge),
            caller: LIVING_ROOM,
          });
          if (answered.kind === "wrong") challenge = next(answered);
        }
      }
      assert.ok(longestWait > 0 && longestWait <= 20_000, `${longestWait} ms`);
    });
  });
}
