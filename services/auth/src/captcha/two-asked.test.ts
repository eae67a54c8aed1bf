/** The challenges that ask for two right answers from the start, in both homes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ManualClock } from "@kinopass/testing";
import { Captcha, type ShownChallenge } from "./captcha.ts";
import type { IssueRequest } from "./challenge-store.ts";
import { POLICY } from "./policy.ts";
import { play, TWO_ASKED, together, told } from "./testing/rounds.ts";
import { STORES } from "./testing/stores.ts";
import { captchaOn, LIVING_ROOM, NETWORK, READING_MS, reckon, shown } from "./testing/viewer.ts";

test("of all that chance can bring one in sixteen asks for two right answers from the start", async () => {
  const firstRounds: number[] = [];
  const store = {
    issue: async ({ draft }: IssueRequest) => {
      firstRounds.push(draft("r").firstRound);
      return { kind: "over" } as const;
    },
  } as never;
  for (let byte = 0; byte < 256; byte++) {
    const randomBytes = (size: number) => Buffer.alloc(size, byte);
    const captcha = new Captcha({
      store,
      key: Buffer.alloc(32),
      clock: new ManualClock(),
      randomBytes,
      textForm: false,
    });
    await captcha.issue({ caller: LIVING_ROOM, network: NETWORK, language: "ru" });
  }

  assert.equal(firstRounds.length, 256);
  assert.equal(firstRounds.filter((round) => round === 1).length, 256 / POLICY.twoAskedOnceIn);
  assert.equal(firstRounds.filter((round) => round === 0).length, 256 - 256 / POLICY.twoAskedOnceIn);
});

for (const [name, openStore] of Object.entries(STORES)) {
  describe(`two right answers asked from the start, in ${name}`, { concurrency: 4 }, () => {
    const R = "right";
    const W = "wrong";
    for (const [answers, kinds, left] of [
      [[R, R], ["once_more", "solved"], [3]],
      [
        [R, W, R, R],
        ["once_more", "wrong", "once_more", "solved"],
        [3, 2, 2],
      ],
      [
        [W, R, R],
        ["wrong", "once_more", "solved"],
        [2, 2],
      ],
      [
        [W, W, W],
        ["wrong", "wrong", "spent"],
        [2, 1],
      ],
      [
        [R, W, R, W, R, R],
        ["once_more", "wrong", "once_more", "wrong", "once_more", "solved"],
        [3, 2, 2, 1, 1],
      ],
      [
        [R, W, R, W, R, W],
        ["once_more", "wrong", "once_more", "wrong", "once_more", "spent"],
        [3, 2, 2, 1, 1],
      ],
    ] as const) {
      test(`${answers.join(", ")}: ${kinds.join(", ")}`, async (t) => {
        const played = await play(captchaOn(await openStore(t), TWO_ASKED), answers);

        assert.deepEqual(played.kinds, kinds);
        assert.deepEqual(played.left, left);
        const texts = played.sums.map(({ text }) => text);
        assert.equal(new Set(texts).size, texts.length, "each is another sum");
      });
    }

    test("nothing in the challenge says so, and asked for again it is the same", async (t) => {
      const two = captchaOn(await openStore(t), TWO_ASKED);
      const { captcha } = captchaOn(await openStore(t));

      const first = await shown(two.captcha, { idempotencyKey: "one" });
      const again = await shown(two.captcha, { idempotencyKey: "one" });
      const plain = await shown(captcha, { idempotencyKey: "one" });

      assert.deepEqual(again, first);
      const seen = ({ text, picture, ...rest }: ShownChallenge) => rest;
      assert.deepEqual(seen(first), seen(plain));
    });

    test("a challenge asked for again asks for as many answers as it did, whatever chance would bring now", async (t) => {
      let two = true;
      const { captcha, clock } = captchaOn(await openStore(t), { twoAsked: () => two });
      await shown(captcha, { idempotencyKey: "one" });
      two = false;
      const again = await shown(captcha, { idempotencyKey: "one" });
      clock.advance({ ms: READING_MS });

      const said = await captcha.answer({ id: again.id, answer: reckon(again), caller: LIVING_ROOM });

      assert.equal(said.kind, "once_more");
    });

    test("a right answer sent again or fifty times at once is told once more with one sum", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t), TWO_ASKED);
      const first = await shown(captcha);
      clock.advance({ ms: READING_MS });

      const asked = await together(captcha, 50, first, reckon(first));
      const later = await together(captcha, 1, first, reckon(first));

      assert.deepEqual([...new Set([...asked, ...later].map(({ kind }) => kind))], ["once_more"]);
      assert.equal(new Set([...asked, ...later].map((outcome) => told(outcome).text)).size, 1);
    });

    test("a person who answers right gets no suspicion by it", async (t) => {
      const { captcha, clock } = captchaOn(await openStore(t), TWO_ASKED);
      // Sixty challenges with two answers each. Were the first of them counted, sums would begin to multiply.
      for (let count = 0; count < 60; count++) {
        let challenge = await shown(captcha);
        for (let ms = 1_050; ms <= 1_250; ms += 200) {
          clock.advance({ ms });
          assert.doesNotMatch(challenge.text ?? "", /умножить/);
          const answer = reckon(challenge);
          const said = await captcha.answer({ id: challenge.id, answer, caller: LIVING_ROOM });
          if (said.kind !== "solved") challenge = told(said);
        }
      }
    });
  });
}
