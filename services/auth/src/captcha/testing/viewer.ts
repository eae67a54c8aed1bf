import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ManualClock } from "@kinopass/testing";
import { type Answered, Captcha, type Issued, type ShownChallenge } from "../captcha.ts";
import type { ChallengeStore } from "../challenge-store.ts";
import type { CaptchaCaller } from "../seal.ts";

export const LIVING_ROOM: CaptchaCaller = { action: "sign_up", client: "tv", device: "living-room" };
export const NETWORK = "203.0.113.7";

/** Longer than a person needs to read and to press two keys, at every level. */
export const READING_MS = 4_000;

/**
 * A captcha on the given store, with time by hand; the text form is on, so that a test can reckon, and chance repeats
 * itself. `twoAsked` says for each challenge whether it asks for two right answers from the start; none does unless told.
 */
export function captchaOn(
  store: ChallengeStore,
  { clock = new ManualClock(), twoAsked = () => false }: Arranged = {},
): { captcha: Captcha; clock: ManualClock } {
  let drawn = 0;
  const randomBytes = (size: number) =>
    size === 1
      ? Buffer.of(twoAsked() ? 0 : 1)
      : createHash("sha512").update(String(drawn++)).digest().subarray(0, size);
  return {
    captcha: new Captcha({ store, key: Buffer.alloc(32, 7), clock, randomBytes, textForm: true }),
    clock,
  };
}

interface Arranged {
  readonly clock?: ManualClock;
  readonly twoAsked?: () => boolean;
}

export async function shown(
  captcha: Captcha,
  request: Partial<Parameters<Captcha["issue"]>[0]> = {},
): Promise<ShownChallenge> {
  return issued(await captcha.issue({ caller: LIVING_ROOM, network: NETWORK, language: "ru", ...request }));
}

export function issued(outcome: Issued): ShownChallenge {
  assert.equal(outcome.kind, "issued");
  return outcome.challenge;
}

export function next(outcome: Answered): ShownChallenge {
  assert.equal(outcome.kind, "wrong");
  return outcome.challenge;
}

/** Reckons what is said, products first. */
export function reckon({ text }: { readonly text?: string }): number {
  assert.ok(text !== undefined, "the text form is on");
  const sum = text
    .replaceAll("умножить на", "*")
    .replaceAll("times", "*")
    .replace(/плюс|plus/, "+")
    .replace(/минус|minus/, "-");
  const products = sum.replace(/(\d+) \* (\d+)/, (_, one, other) => String(Number(one) * Number(other)));
  const [first, sign, second] = products.split(" ");
  if (sign === undefined) return Number(first);
  return sign === "+" ? Number(first) + Number(second) : Number(first) - Number(second);
}

export function wrongFor(challenge: ShownChallenge): number {
  return (reckon(challenge) + 1) % 100;
}
