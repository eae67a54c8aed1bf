/**
 * JSON as RFC 8259 §4 would like it: a name twice in one object is refused, because two parsers may
 * pick different ones. Depth and number size are bounded before anything walks the value.
 */
import { UNCLEAN_TEXT } from "./mistakes.ts";
import type { Texts } from "./refusals.ts";

const MAX_DEPTH = 16;

export class JsonRefused extends Error {
  override readonly name = "JsonRefused";
  readonly texts: Texts;

  constructor(texts: Texts) {
    super(texts.en);
    this.texts = texts;
  }
}

export const NOT_JSON: Texts = { en: "The body is not JSON", ru: "Тело запроса — не JSON" };
const TOO_DEEP: Texts = {
  en: `The body is nested deeper than ${MAX_DEPTH}`,
  ru: `Вложенность тела запроса больше ${MAX_DEPTH}`,
};
const NAME_TWICE: Texts = { en: "A name stands twice in one object", ru: "Имя повторяется в одном объекте" };
const WRONG_NAME: Texts = { en: "A name is not allowed", ru: "Недопустимое имя поля" };
const UNCLEAN_NAME: Texts = {
  en: "A name has characters that are not allowed",
  ru: "В имени поля есть недопустимые символы",
};
const TOO_LARGE: Texts = { en: "A number is too large", ru: "Слишком большое число" };

export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonRefused(NOT_JSON);
  }
  checkStructure(text);
  checkValue(value, 0);
  return value;
}

/** Walks the text once, keeping the names seen in each open object. The text is known to be JSON. */
function checkStructure(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === "{") open.push(new Set());
    else if (sign === "[") open.push(undefined);
    else if (sign === "}" || sign === "]") open.pop();
    else if (sign === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (names !== undefined && isName(text, end + 1)) addName(names, text.slice(at, end + 1));
      at = end;
    }
    if (open.length > MAX_DEPTH) throw new JsonRefused(TOO_DEEP);
  }
}

/** Whether the string that ended before `at` is a name: only white space stands between it and a colon. */
function isName(text: string, at: number): boolean {
  let next = at;
  while (text[next] === " " || text[next] === "\n" || text[next] === "\r" || text[next] === "\t") next += 1;
  return text[next] === ":";
}

function addName(names: Set<string>, quoted: string): void {
  const name = JSON.parse(quoted) as string;
  if (names.has(name)) throw new JsonRefused(NAME_TWICE);
  if (name === "__proto__" || name === "constructor" || name === "prototype")
    throw new JsonRefused(WRONG_NAME);
  names.add(name);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function checkValue(value: unknown, depth: number): void {
  if (typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
    throw new JsonRefused(TOO_LARGE);
  }
  if (typeof value === "string" && !isCleanText(value)) throw new JsonRefused(UNCLEAN_TEXT);
  if (typeof value === "object" && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      if (!isCleanText(name)) throw new JsonRefused(UNCLEAN_NAME);
      checkValue(inner, depth + 1);
    }
  }
}

/**
 * PostgreSQL cannot keep U+0000, and lone surrogates or non-characters have no UTF-8 form that two
 * systems agree on. They are refused here, before any database sees them.
 */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !/[\0\uFFFE\uFFFF\uFDD0-\uFDEF]/.test(text);
}
