import assert from "node:assert/strict";
import { describe, test } from "node:test";
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

for (const [name, openStore] of Object.entries(STORES)) {
  describe(`retries and races in ${name}`, { concurrency: 4 }, () => {
    test("fifty simultaneous right answers give one pass, and fifty redemptions of it one yes", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      const answer = reckon(challenge);
      clock.advance({ ms: READING_MS });

      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () => captcha.answer({ id: challenge.id, answer, caller: LIVING_ROOM })),
      );
      const passes = new Set(
        outcomes.map((outcome) => (outcome.kind === "solved" ? outcome.pass : outcome.kind)),
      );
      const [pass = ""] = passes;
      const redeemed = await Promise.all(Array.from({ length: 50 }, () => captcha.redeem(pass, LIVING_ROOM)));

      assert.equal(passes.size, 1);
      assert.match(pass, /^kp_cp_/);
      assert.equal(redeemed.filter(Boolean).length, 1);
    });

    test("a hundred simultaneous guesses of every answer are three tries, not a hundred", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });

      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, answer) =>
          captcha.answer({ id: challenge.id, answer, caller: LIVING_ROOM }),
        ),
      );

      const judged = outcomes.filter(({ kind }) => kind === "wrong").length;
      assert.ok(judged <= 2, `${judged} guesses were told to try again`);
      assert.ok(outcomes.filter(({ kind }) => kind === "solved").length <= 1);
    });

    test("a repeated request for a challenge shows the same picture of the same challenge", async (t) => {
      const { captcha } = captchaOn(await openStore(t));

      const [first, ...others] = await Promise.all(
        Array.from({ length: 10 }, () => shown(captcha, { idempotencyKey: "try-1" })),
      );

      for (const other of others) assert.deepEqual(other, first);
      assert.notEqual((await shown(captcha, { idempotencyKey: "try-2" })).id, first?.id);
    });

    test("an idempotency key cannot call back a challenge that is over", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha, { idempotencyKey: "again" });
      clock.advance({ ms: READING_MS });
      await captcha.answer({ id: challenge.id, answer: reckon(challenge), caller: LIVING_ROOM });

      const repeated = await captcha.issue({
        caller: LIVING_ROOM,
        network: NETWORK,
        language: "ru",
        idempotencyKey: "again",
      });

      assert.equal(repeated.kind, "over");
    });

    test("a wrong answer repeated with its key has the same outcome and costs no second try", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });
      const sent = {
        id: challenge.id,
        answer: wrongFor(challenge),
        caller: LIVING_ROOM,
        idempotencyKey: "a1",
      };

      const first = next(await captcha.answer(sent));
      const repeated = next(await captcha.answer(sent));

      assert.equal(repeated.triesLeft, 2);
      assert.deepEqual(repeated, first);
    });

    test("after the sum is solved no other answer gets the pass, and none does after its use", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });
      const right = { id: challenge.id, answer: reckon(challenge), caller: LIVING_ROOM };
      const solved = await captcha.answer(right);
      const other = await captcha.answer({ ...right, answer: wrongFor(challenge) });
      const repeated = await captcha.answer(right);
      assert.equal(solved.kind, "solved");
      await captcha.redeem(solved.pass, LIVING_ROOM);

      assert.equal(other.kind, "spent");
      assert.deepEqual(repeated, solved);
      assert.equal((await captcha.answer(right)).kind, "spent");
    });
  });
}
