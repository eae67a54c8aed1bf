import assert from "node:assert/strict";
import { test } from "node:test";
import { drawnWords, GREATEST_WORD, numberWord, type TaskLanguage } from "./number-words.ts";
import { shapesOf } from "./picture/glyphs.ts";
import { between, KeyedRandomness } from "./randomness.ts";
import { type Level, makeTask, type Task } from "./tasks.ts";

const LEVELS: readonly Level[] = [1, 2, 3];
const LANGUAGES: readonly TaskLanguage[] = ["ru", "en"];
const SAMPLE = 20_000;

function sample(level: Level, language: TaskLanguage, count = SAMPLE): Task[] {
  const chance = new KeyedRandomness(Buffer.from("tasks"), `${level}${language}`);
  return Array.from({ length: count }, () => makeTask(chance, { level, language }));
}

/** Every value on the way, products first: written apart from the code that makes sums. */
function stepsOf(parts: readonly string[], language: TaskLanguage): number[] {
  const words = new Map(
    Array.from({ length: GREATEST_WORD + 1 }, (_, value) => [numberWord(value, language), String(value)]),
  );
  const signs = new Map([
    ["плюс", "+"],
    ["plus", "+"],
    ["минус", "−"],
    ["minus", "−"],
  ]);
  const tokens = parts.map((part) => words.get(part) ?? signs.get(part) ?? part);
  const seen = tokens.map(Number).filter((value) => !Number.isNaN(value));
  for (let at = tokens.indexOf("×"); at > 0; at = tokens.indexOf("×")) {
    const product = Number(tokens[at - 1]) * Number(tokens[at + 1]);
    tokens.splice(at - 1, 3, String(product));
    seen.push(product);
  }
  while (tokens.length > 1) {
    const [first, sign, second] = tokens;
    const value = sign === "+" ? Number(first) + Number(second) : Number(first) - Number(second);
    tokens.splice(0, 3, String(value));
    seen.push(value);
  }
  return seen;
}

for (const level of LEVELS) {
  for (const language of LANGUAGES) {
    test(`level ${level} in ${language}: the picture says the answer, and no step leaves 0 to 99`, () => {
      for (const { parts, answer } of sample(level, language)) {
        const steps = stepsOf(parts, language);
        assert.equal(steps.at(-1), answer, parts.join(" "));
        assert.ok(
          steps.every((step) => step >= 0 && step <= 99),
          parts.join(" "),
        );
      }
    });

    test(`level ${level} in ${language}: every answer from 0 to 99 is as likely as any other`, () => {
      const counts = new Array<number>(100).fill(0);
      for (const { answer } of sample(level, language)) counts[answer] = (counts[answer] ?? 0) + 1;

      const expected = SAMPLE / 100;
      const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);

      // 99 degrees of freedom: 148 is passed once in a thousand, and this sample is always the same.
      assert.ok(chiSquared < 148, `chi² ${chiSquared}`);
    });
  }
}

test("level 1 is digits alone, level 2 has words too, level 3 multiplies", () => {
  const text = (level: Level) => sample(level, "ru", 500).map(({ parts }) => parts.join(" "));
  assert.ok(text(1).every((sum) => /^\d\d [+−] \d\d$/.test(sum)));
  assert.ok(text(2).every((sum) => !sum.includes("×")));
  assert.ok(text(2).some((sum) => /[а-я]{3}/.test(sum)) && text(2).some((sum) => /^\d+ − \d+$/.test(sum)));
  assert.ok(text(3).every((sum) => sum.includes("×")));
  assert.ok(text(3).some((sum) => sum.includes("минус")));
});

test("at level 1 tens and ones are reckoned apart: nothing is carried or borrowed", () => {
  for (const { parts } of sample(1, "ru", 2_000)) {
    const [first = "", sign, second = ""] = parts;
    for (const place of [0, 1]) {
      const [one, other] = [Number(first[place]), Number(second[place])];
      assert.ok(sign === "+" ? one + other <= 9 : one >= other, parts.join(" "));
    }
  }
});

test("every word and number can be drawn", () => {
  for (const character of [...drawnWords().join(""), ..."0123456789+−×"])
    assert.ok(shapesOf(character).length > 0);
  assert.throws(() => shapesOf("щ"), RangeError);
});

test("keyed chance repeats itself for the same label, differs for another, and is even", () => {
  const draw = (label: string) => {
    const chance = new KeyedRandomness(Buffer.from("key"), label);
    return Array.from({ length: 3_000 }, () => chance.below(3));
  };
  assert.deepEqual(draw("a"), draw("a"));
  assert.notDeepEqual(draw("a"), draw("b"));
  for (const value of [0, 1, 2]) {
    const share = draw("a").filter((drawn) => drawn === value).length;
    assert.ok(Math.abs(share - 1_000) < 100, `${value}: ${share}`);
  }
});

test("chance refuses bounds that it cannot meet evenly", () => {
  const chance = new KeyedRandomness(Buffer.from("key"), "bounds");
  for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
    assert.throws(() => chance.below(bound), RangeError);
  assert.equal(between(chance, 7, 7), 7);
});
