import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { Captcha } from "./captcha.ts";
import { STORES } from "./testing/stores.ts";
import {
  captchaOn,
  issued,
  LIVING_ROOM,
  NETWORK,
  next,
  READING_MS,
  reckon,
  shown,
  wrongFor,
} from "./testing/viewer.ts";

for (const [name, openStore] of Object.entries(STORES)) {
  describe(`challenges in ${name}`, { concurrency: 4 }, () => {
    test("a right answer earns a pass that is good exactly once", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });

      const outcome = await captcha.answer({
        id: challenge.id,
        answer: reckon(challenge),
        caller: LIVING_ROOM,
      });

      assert.equal(outcome.kind, "solved");
      assert.deepEqual(outcome.expiresAt, new Date(clock.now().getTime() + 120_000));
      assert.equal(await captcha.redeem(outcome.pass, LIVING_ROOM), true);
      assert.equal(await captcha.redeem(outcome.pass, LIVING_ROOM), false);
    });

    test("a wrong answer changes the sum, and the third one ends the challenge", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      let challenge = await shown(captcha);
      const texts = [challenge.text];
      for (const left of [2, 1]) {
        clock.advance({ ms: READING_MS });
        challenge = next(
          await captcha.answer({ id: challenge.id, answer: wrongFor(challenge), caller: LIVING_ROOM }),
        );
        texts.push(challenge.text);
        assert.equal(challenge.triesLeft, left);
      }
      clock.advance({ ms: READING_MS });
      const last = await captcha.answer({
        id: challenge.id,
        answer: wrongFor(challenge),
        caller: LIVING_ROOM,
      });
      const late = await captcha.answer({ id: challenge.id, answer: reckon(challenge), caller: LIVING_ROOM });

      assert.equal(new Set(texts).size, 3);
      assert.deepEqual([last.kind, late.kind], ["spent", "spent"]);
    });

    test("the answer to an earlier sum of the challenge is wrong for the next one", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const first = await shown(captcha);
      clock.advance({ ms: READING_MS });
      const second = next(
        await captcha.answer({ id: first.id, answer: wrongFor(first), caller: LIVING_ROOM }),
      );
      assert.notEqual(reckon(second), reckon(first));
      clock.advance({ ms: READING_MS });

      const outcome = await captcha.answer({ id: first.id, answer: reckon(first), caller: LIVING_ROOM });

      assert.equal(next(outcome).triesLeft, 1);
    });

    test("a challenge ends after three minutes, a pass after two", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const forgotten = await shown(captcha);
      const solved = await shown(captcha);
      clock.advance({ ms: 179_999 });
      const outcome = await captcha.answer({ id: solved.id, answer: reckon(solved), caller: LIVING_ROOM });
      clock.advance({ ms: 1 });
      const late = await captcha.answer({ id: forgotten.id, answer: reckon(forgotten), caller: LIVING_ROOM });
      clock.advance({ ms: 119_999 });

      assert.equal(late.kind, "expired");
      assert.equal(outcome.kind, "solved");
      assert.equal(await captcha.redeem(outcome.pass, LIVING_ROOM), false);
    });

    test("a pass is refused for another action, client or device, and stays good for its own", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });
      const outcome = await captcha.answer({
        id: challenge.id,
        answer: reckon(challenge),
        caller: LIVING_ROOM,
      });
      assert.equal(outcome.kind, "solved");

      assert.equal(await captcha.redeem(outcome.pass, { ...LIVING_ROOM, action: "sign_in" }), false);
      assert.equal(await captcha.redeem(outcome.pass, { ...LIVING_ROOM, client: "web" }), false);
      assert.equal(await captcha.redeem(outcome.pass, { ...LIVING_ROOM, device: "bedroom" }), false);
      assert.equal(await captcha.redeem(outcome.pass, LIVING_ROOM), true);
    });

    test("somebody else's guess is not heard and costs the viewer no try", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });
      const stranger = { ...LIVING_ROOM, device: "stranger" };

      for (let guess = 0; guess < 4; guess++) {
        const outcome = await captcha.answer({
          id: challenge.id,
          answer: wrongFor(challenge),
          caller: stranger,
        });
        assert.equal(outcome.kind, "unknown");
      }
      const own = await captcha.answer({ id: challenge.id, answer: reckon(challenge), caller: LIVING_ROOM });

      assert.equal(own.kind, "solved");
    });

    test("a right answer faster than a person reads is not taken, and the next sum is harder", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: 999 });

      const harder = next(
        await captcha.answer({ id: challenge.id, answer: reckon(challenge), caller: LIVING_ROOM }),
      );
      clock.advance({ ms: 1_499 });
      const hardest = next(
        await captcha.answer({ id: challenge.id, answer: reckon(harder), caller: LIVING_ROOM }),
      );
      clock.advance({ ms: 2_000 });
      const outcome = await captcha.answer({
        id: challenge.id,
        answer: reckon(hardest),
        caller: LIVING_ROOM,
      });

      assert.match(hardest.text ?? "", /умножить на/);
      assert.equal(outcome.kind, "once_more");
    });

    test("a forged or malformed pass or id opens nothing", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = await shown(captcha);
      clock.advance({ ms: READING_MS });
      const outcome = await captcha.answer({
        id: challenge.id,
        answer: reckon(challenge),
        caller: LIVING_ROOM,
      });
      assert.equal(outcome.kind, "solved");
      const flipped =
        outcome.pass.slice(0, -2) + (outcome.pass.at(-2) === "A" ? "B" : "A") + outcome.pass.slice(-1);
      const otherHome = outcome.pass.replace(/^kp_cp_./, (start) =>
        start.endsWith("r") ? "kp_cp_p" : "kp_cp_r",
      );

      for (const forged of ["", "kp_cp_", flipped, otherHome, `${outcome.pass}x`, challenge.id]) {
        assert.equal(await captcha.redeem(forged, LIVING_ROOM), false, forged);
      }
      for (const id of [
        "",
        "x",
        "r*",
        `q${challenge.id.slice(1)}`,
        `${challenge.id.slice(0, 1)}${"A".repeat(38)}`,
      ]) {
        assert.equal((await captcha.answer({ id, answer: 1, caller: LIVING_ROOM })).kind, "unknown", id);
      }
      assert.equal(await captcha.redeem(outcome.pass, LIVING_ROOM), true);
    });

    test("without the text form a challenge carries no text", async (t) => {
      const { clock } = captchaOn(await openStore(t));
      const captcha = new Captcha({
        store: await openStore(t),
        key: randomBytes(32),
        clock,
        randomBytes,
        textForm: false,
      });

      assert.deepEqual(Object.keys(await shown(captcha)).sort(), ["expiresAt", "id", "picture", "triesLeft"]);
    });

    test("an answer outside 0 to 99 is simply wrong", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t));
      const challenge = issued(
        await captcha.issue({ caller: LIVING_ROOM, network: NETWORK, language: "en" }),
      );
      clock.advance({ ms: READING_MS });

      for (const answer of [-1, 100])
        next(await captcha.answer({ id: challenge.id, answer, caller: LIVING_ROOM }));
    });
  });
}

test("a key of fewer than 32 bytes is refused at the start", () => {
  const { clock } = captchaOn({} as never);
  const short = Buffer.alloc(31);
  assert.throws(
    () => new Captcha({ store: {} as never, key: short, clock, randomBytes, textForm: false }),
    RangeError,
  );
});
