import { GREATEST_WORD, numberWord, type Sign, signWord, type TaskLanguage } from "./number-words.ts";
import { between, pick, type Randomness } from "./randomness.ts";

/** 1: "42 + 15", "68 − 25" · 2: "63 − 27", "34 + семь" · 3: "семь + 5 × 2", "40 минус 3 × восемь". */
export type Level = 1 | 2 | 3;

/** Answers are 0 to 99: at most two digits of a remote. */
const ANSWERS = 100;

export interface Task {
  readonly answer: number;
  /** What is drawn, from left to right: numbers, number words, signs, sign words. */
  readonly parts: readonly string[];
  /** What a screen reader says: signs as words. */
  readonly spoken: string;
}

type Piece = number | Sign;
type Sum = readonly Piece[];

/**
 * Makes a task whose answer is uniform on 0–99 whatever the level: the answer is drawn first and a
 * sum is built to meet it. So a blind guess is right once in a hundred, and because each answer changes the task, no
 * guess helps the next: 0.96 % a challenge (docs/decisions/0011).
 *
 * No step of a sum is below 0 or above 99, with products worked out first.
 */
export function makeTask(
  chance: Randomness,
  { level, language }: { readonly level: Level; readonly language: TaskLanguage },
): Task {
  const answer = chance.below(ANSWERS);
  const sum = SUMS[level](chance, answer);
  return { answer, parts: dress(chance, sum, level, language), spoken: speak(sum, language) };
}

const SUMS: Readonly<Record<Level, (chance: Randomness, answer: number) => Sum>> = {
  1: easySum,
  2: biggerSum,
  3: mixedSum,
};

/**
 * Two digits and two digits, without a carry: tens and ones are reckoned apart. Always four digits, so that their number
 * tells nothing, and a machine has to read them all.
 */
function easySum(chance: Randomness, answer: number): Sum {
  const tens = Math.floor(answer / 10);
  const ones = answer % 10;
  const ways: (() => Sum)[] = [];
  if (tens >= 2) {
    ways.push(() => {
      const second = 10 * between(chance, 1, tens - 1) + between(chance, 0, ones);
      return [answer - second, "+", second];
    });
  }
  if (tens <= 8) {
    ways.push(() => {
      const second = 10 * between(chance, 1, 9 - tens) + between(chance, 0, 9 - ones);
      return [answer + second, "−", second];
    });
  }
  return pick(chance, ways)();
}

function biggerSum(chance: Randomness, answer: number): Sum {
  const asWord = chance.below(2) === 0;
  const [least, most] = asWord ? [2, GREATEST_WORD] : [11, 49];
  const mostTaken = Math.min(most, answer);
  const mostGiven = Math.min(most, ANSWERS - 1 - answer);
  const ways: Sum[] = [];
  if (mostTaken >= least) {
    const second = between(chance, least, mostTaken);
    ways.push([answer - second, "+", second]);
  }
  if (mostGiven >= least) {
    const second = between(chance, least, mostGiven);
    ways.push([answer + second, "−", second]);
  }
  return pick(chance, ways);
}

function mixedSum(chance: Randomness, answer: number): Sum {
  const first = between(chance, 2, 9);
  const second = between(chance, 2, Math.min(9, Math.floor((ANSWERS - 1) / first)));
  const product = first * second;
  const ways: Sum[] = [];
  if (product <= answer) {
    ways.push([answer - product, "+", first, "×", second], [first, "×", second, "+", answer - product]);
  }
  if (product >= answer) ways.push([first, "×", second, "−", product - answer]);
  if (answer + product < ANSWERS) ways.push([answer + product, "−", first, "×", second]);
  return pick(chance, ways);
}

/** Chooses which pieces become words: none at level 1, one number at 2, one number and perhaps the sign at 3. */
function dress(chance: Randomness, sum: Sum, level: Level, language: TaskLanguage): string[] {
  const small = sum.flatMap((piece, place) =>
    typeof piece === "number" && piece <= GREATEST_WORD ? [place] : [],
  );
  const wordPlace = level === 1 || small.length === 0 ? -1 : pick(chance, small);
  const signAsWord = level === 3 && chance.below(2) === 0;
  return sum.map((piece, place) => {
    if (typeof piece === "number") return place === wordPlace ? numberWord(piece, language) : String(piece);
    return signAsWord && piece !== "×" ? signWord(piece, language) : piece;
  });
}

function speak(sum: Sum, language: TaskLanguage): string {
  return sum
    .map((piece) => (typeof piece === "number" ? String(piece) : signWord(piece, language)))
    .join(" ");
}
