import assert from "node:assert/strict";
import { test } from "node:test";
import { svgOf } from "../captcha.ts";
import type { TaskLanguage } from "../number-words.ts";
import { drawDisturbed, drawPicture, PLAIN, pngOf } from "../picture/picture.ts";
import { POLICY } from "../policy.ts";
import { between, KeyedRandomness } from "../randomness.ts";
import { type Level, makeTask, type Task } from "../tasks.ts";
import { redisStore } from "../testing/stores.ts";
import { captchaOn, LIVING_ROOM, READING_MS, reckon, shown } from "../testing/viewer.ts";
import { CLEANINGS, missingTesseract, readAll } from "./ocr-bot.ts";
import { type Bitmap, decode } from "./pixels.ts";
import { answerTo } from "./reading.ts";
import { readByTemplates } from "./template-bot.ts";
import { textOf } from "./text-bot.ts";

/** What is said when the challenge goes on. */
const MORE: ReadonlySet<string> = new Set(["wrong", "once_more"]);

interface Specimen {
  readonly language: TaskLanguage;
  readonly task: Task;
  readonly bitmap: Bitmap;
  readonly svg: string;
}

async function specimens({
  level,
  count,
  plain,
}: {
  level: Level;
  count: number;
  plain: boolean;
}): Promise<Specimen[]> {
  const set: Specimen[] = [];
  for (let index = 0; index < count; index++) {
    const chance = new KeyedRandomness(Buffer.from("bots"), `${level}/${index}`);
    const language = index % 2 === 0 ? "ru" : "en";
    const task = makeTask(chance, { level, language });
    const picture = plain ? drawDisturbed(chance, task.parts, PLAIN) : drawPicture(chance, task.parts, level);
    set.push({ task, language, svg: svgOf(picture), bitmap: decode(await pngOf(picture)) });
  }
  return set;
}

async function rightByOcr(set: readonly Specimen[], cleaning: string): Promise<number> {
  const answers = await readAll(set.map(({ bitmap }) => CLEANINGS[cleaning]?.(bitmap) ?? bitmap));
  return set.filter(({ task }, index) => answers[index] === task.answer).length;
}

test("a bot that reads the markup finds no sum, while it reads one that is there", async () => {
  for (const { svg } of await specimens({ level: 1, count: 20, plain: false }))
    assert.equal(answerTo(textOf(svg)), undefined);
  assert.equal(answerTo(textOf("<svg><text>30 + 4</text></svg>")), 34);
  assert.equal(answerTo(textOf('<svg aria-label="30 + 4"><path d="M0 0"/></svg>')), 34);
});

test("the reader of the bots forgives what OCR gets wrong", () => {
  const readings = [
    ["3O + 5", 35],
    ["62 — l9", 43],
    ["7 + десятъ", 17],
    ["8 x seven + 15", 71],
    ["two × 6 plus 54", 66],
  ] as const;
  for (const [text, answer] of readings) assert.equal(answerTo(text), answer, text);
  for (const nonsense of ["", "+", "12", "~~", "9 + 99"])
    assert.equal(answerTo(nonsense), undefined, nonsense);
});

test("OCR reads undisturbed sums well and captchas in fewer than one of five", {
  timeout: 300_000,
}, async (t) => {
  const missing = await missingTesseract();
  if (missing !== undefined) return t.skip(missing);
  const control = await specimens({ level: 1, count: 8, plain: true });
  assert.ok((await rightByOcr(control, "half size")) >= 4, "the bot can read");

  for (const level of [1, 2, 3] as const) {
    const set = await specimens({ level, count: 8, plain: false });
    for (const cleaning of ["untouched", "shadows undone (opening), lines opened"]) {
      const right = await rightByOcr(set, cleaning);
      assert.ok(right <= 1, `level ${level}, ${cleaning}: ${right} of 8`);
    }
  }
});

test("a bot with our own drawing code reads undisturbed sums and hardly any captcha", async () => {
  const right = (some: readonly Specimen[]) =>
    some.filter(
      ({ task, language, bitmap }) =>
        readByTemplates(bitmap, { level: 1, language, elastic: false }) === task.answer,
    ).length;
  const control = right(await specimens({ level: 1, count: 8, plain: true }));
  assert.ok(control >= 4, `the bot can read: ${control} of 8`);
  const read = right(await specimens({ level: 1, count: 8, plain: false }));
  assert.ok(read <= 3, `${read} of 8`);
});

test("a brute forcer with a network for each challenge passes about one of a hundred, guessing the same each time or not", async (t) => {
  const chance = new KeyedRandomness(Buffer.from("brute"), "force");
  const drawn = new KeyedRandomness(Buffer.from("brute"), "two asked");
  const { captcha, clock } = captchaOn((await redisStore(t)).store, {
    twoAsked: () => drawn.below(POLICY.twoAskedOnceIn) === 0,
  });
  const challenges = 1_000;
  let guesses = 0;
  let right = 0;
  let passes = 0;
  for (let count = 0; count < challenges; count++) {
    const { id } = await shown(captcha, { network: `network ${count}` });
    for (let kind = "wrong"; MORE.has(kind); guesses++) {
      clock.advance({ ms: READING_MS });
      // What was just right is not right twice running.
      const constant = kind === "once_more" ? 43 : 42;
      const answer = count % 2 === 0 ? constant : chance.below(100);
      ({ kind } = await captcha.answer({ id, answer, caller: LIVING_ROOM }));
      if (kind !== "wrong" && kind !== "spent") right += 1;
      if (kind === "solved") passes += 1;
    }
  }
  t.diagnostic(`${right} right of ${guesses} guesses, ${passes} passes of ${challenges} challenges`);
  assert.ok(guesses > 2_900 && guesses <= 3_100, `${guesses} guesses`);
  assert.ok(passes <= 20, `${passes} passes of ${challenges} challenges`);
});

test("a brute forcer in one network gets few passes an hour, whatever its pace", async (t) => {
  for (const pace of [200, 4_000]) {
    const { captcha, clock } = captchaOn((await redisStore(t)).store);
    const chance = new KeyedRandomness(Buffer.from("hour"), String(pace));
    const end = clock.now().getTime() + 3_600_000;
    let passes = 0;
    while (clock.now().getTime() < end) {
      const issued = await captcha.issue({ caller: LIVING_ROOM, network: "one", language: "en" });
      if (issued.kind !== "issued") {
        clock.advance({ ms: issued.kind === "over" ? 1 : issued.retryAfterMs });
        continue;
      }
      for (let kind = "wrong"; MORE.has(kind); ) {
        clock.advance({ ms: between(chance, pace, pace * 2) });
        ({ kind } = await captcha.answer({
          id: issued.challenge.id,
          answer: chance.below(100),
          caller: LIVING_ROOM,
        }));
        if (kind === "solved") passes += 1;
      }
    }
    t.diagnostic(`a guess each ${pace} to ${pace * 2} ms: ${passes} passes an hour`);
    assert.ok(passes <= (pace < 1_000 ? 0 : 20), `${passes} passes an hour at ${pace} ms`);
  }
});

test("a replayer of solved challenges, answers and passes gets nothing", async (t) => {
  const { captcha, clock } = captchaOn((await redisStore(t)).store);
  const key = { idempotencyKey: "farm" };
  const solved = await shown(captcha, key);
  const answer = reckon(solved);
  clock.advance({ ms: READING_MS });
  const outcome = await captcha.answer({ id: solved.id, answer, caller: LIVING_ROOM });
  assert.equal(outcome.kind, "solved");
  await captcha.redeem(outcome.pass, LIVING_ROOM);

  for (let count = 0; count < 20; count++) {
    assert.notEqual((await captcha.answer({ id: solved.id, answer, caller: LIVING_ROOM })).kind, "solved");
    assert.equal(await captcha.redeem(outcome.pass, LIVING_ROOM), false);
    const other = { ...LIVING_ROOM, device: `replayer ${count}` };
    assert.equal(await captcha.redeem(outcome.pass, other), false);
  }
});

test("an idempotency key that comes back after its challenge is gone brings other sums", async (t) => {
  const { store, redis } = await redisStore(t);
  const { captcha } = captchaOn(store);
  const first = await shown(captcha, { idempotencyKey: "farm" });
  await redis.flushall();

  const second = await shown(captcha, { idempotencyKey: "farm" });

  assert.equal(second.id, first.id);
  assert.notEqual(svgOf(second.picture), svgOf(first.picture));
});
