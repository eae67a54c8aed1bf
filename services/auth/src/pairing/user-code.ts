import { randomInt } from "node:crypto";
import type { Secrets } from "../secrets.ts";

/**
 * RFC 8628 §6.1: no vowels, so that no words come out, and no digits, so that nothing is taken for a letter.
 * 20^8 codes are 34 bits, which is enough beside ten minutes of life and limited tries.
 */
export const USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
export const USER_CODE_LENGTH = 8;

/** Cyrillic letters that look like ours: people read the code on a screen and type it with the keyboard they have. */
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  В: "B",
  К: "K",
  М: "M",
  Н: "H",
  Р: "P",
  С: "C",
  Т: "T",
  Х: "X",
};

/** Eight letters without the dash. `randomIndex` gives a whole number from 0 to below its argument. */
export function newUserCode(randomIndex: (below: number) => number = randomInt): string {
  return Array.from({ length: USER_CODE_LENGTH }, () =>
    USER_CODE_LETTERS.charAt(randomIndex(USER_CODE_LETTERS.length)),
  ).join("");
}

/** As a TV shows it: `WDJB-MJHT`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, USER_CODE_LENGTH / 2)}-${code.slice(USER_CODE_LENGTH / 2)}`;
}

/** Reads a code as people type it: any case, spaces and dashes anywhere. Undefined where it cannot be one. */
export function readUserCode(typed: string): string | undefined {
  const letters = typed.toUpperCase().replaceAll(/[\s\p{Pd}._]/gu, "");
  const latin = [...letters].map((letter) => LOOK_ALIKES[letter] ?? letter);
  const fits =
    latin.length === USER_CODE_LENGTH && latin.every((letter) => USER_CODE_LETTERS.includes(letter));
  return fits ? latin.join("") : undefined;
}

/** Under which a code stands in the database; its key is the one that never rotates, so that a code stays unique. */
export function hashOfUserCode(secrets: Secrets, code: string): Buffer {
  return secrets.directoryHash("user_code", code);
}
