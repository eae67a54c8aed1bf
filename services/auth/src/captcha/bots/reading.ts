import { drawnWords } from "../number-words.ts";

const DIGIT_TWINS: Readonly<Record<string, string>> = {
  o: "0",
  о: "0",
  d: "0",
  q: "0",
  i: "1",
  l: "1",
  "|": "1",
  "!": "1",
  "[": "1",
  "]": "1",
  "/": "1",
  z: "2",
  з: "3",
  э: "3",
  ч: "4",
  a: "4",
  s: "5",
  б: "6",
  g: "9",
  т: "7",
  "?": "7",
  в: "8",
  b: "8",
  "&": "8",
  $: "5",
};
const PLUS = /[+†‡т]/;
const MINUS = /[-–—−_~=]/;
const TIMES = /[×x*хжж]/;

/** How far a word may be misread and still be known: one letter in three. */
const TOLERANCE = 1 / 3;

const VALUES: ReadonlyMap<string, string> = new Map(
  drawnWords().map((word, index) => [word, index < 22 ? String(index % 11) : index % 2 === 0 ? "+" : "-"]),
);

/**
 * The answer to what an OCR made of a picture, or undefined when no sum can be seen in it. The
 * reader is as generous as an attacker would be: it knows the words, the look-alikes of each digit
 * and the forms a sum can have.
 */
export function answerTo(text: string): number | undefined {
  const tokens = text.toLowerCase().split(/\s+/).flatMap(tokensOf);
  const sum = tokens.join("");
  const [, first, sign, second, nextSign, third] =
    /^(\d{1,2})([-+*])(\d{1,2})(?:([-+*])(\d{1,2}))?$/.exec(sum) ?? [];
  if (first === undefined || sign === undefined || second === undefined) return undefined;
  if (nextSign === undefined || third === undefined) return within(apply(+first, sign, +second));
  if (nextSign === "*") return within(apply(+first, sign, apply(+second, nextSign, +third)));
  return within(apply(apply(+first, sign, +second), nextSign, +third));
}

function tokensOf(chunk: string): string[] {
  const word = nearestWord(chunk);
  if (word !== undefined) return [word];
  return [...chunk].map((character) => {
    if (/\d/.test(character)) return character;
    if (PLUS.test(character) && chunk.length === 1) return "+";
    if (MINUS.test(character)) return "-";
    if (TIMES.test(character)) return "*";
    return character === "+" ? "+" : (DIGIT_TWINS[character] ?? "");
  });
}

function nearestWord(chunk: string): string | undefined {
  const letters = chunk.replace(/[^a-zа-я]/g, "");
  let best: { value: string; off: number } | undefined;
  if (letters.length < 3) return undefined;
  for (const [word, value] of VALUES) {
    const off = distance(letters, word) / word.length;
    if (off <= TOLERANCE && off < (best?.off ?? 1)) best = { value, off };
  }
  return best?.value;
}

function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1];
    for (const [place, against] of [...other].entries()) {
      const change = (row[place] ?? 0) + (character === against ? 0 : 1);
      next.push(Math.min(change, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function apply(left: number, sign: string, right: number): number {
  return sign === "+" ? left + right : sign === "-" ? left - right : left * right;
}

function within(answer: number): number | undefined {
  return answer >= 0 && answer <= 99 ? answer : undefined;
}
