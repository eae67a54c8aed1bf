/** Challenges played answer by answer. */
import assert from "node:assert/strict";
import type { Answered, Captcha, ShownChallenge } from "../captcha.ts";
import { type captchaOn, LIVING_ROOM, READING_MS, reckon, shown } from "./viewer.ts";

/** Every challenge asks for two right answers from the start. */
export const TWO_ASKED = { twoAsked: () => true };

export type World = ReturnType<typeof captchaOn>;
export type Given = "right" | "wrong";

/** Wrong is what no sum can come to: any other number may be the one that was right before, and counts as that again. */
export const answerFor = (challenge: ShownChallenge, given: Given) =>
  given === "right" ? reckon(challenge) : -1;

export const told = (outcome: Answered): ShownChallenge =>
  "challenge" in outcome ? outcome.challenge : assert.fail(`${outcome.kind} shows no sum`);

/** Answers sum after sum of one challenge, each after a person's while. */
export async function play(
  { captcha, clock }: World,
  answers: readonly Given[],
  network?: string,
): Promise<{ readonly kinds: string[]; readonly left: number[]; readonly sums: ShownChallenge[] }> {
  let challenge = await shown(captcha, network === undefined ? {} : { network });
  const kinds: string[] = [];
  const left: number[] = [];
  const sums = [challenge];
  for (const given of answers) {
    clock.advance({ ms: READING_MS + 37 * kinds.length });
    const answer = answerFor(challenge, given);
    const outcome = await captcha.answer({ id: challenge.id, answer, caller: LIVING_ROOM });
    kinds.push(outcome.kind);
    if (!("challenge" in outcome)) continue;
    challenge = outcome.challenge;
    left.push(challenge.triesLeft);
    sums.push(challenge);
  }
  return { kinds, left, sums };
}

export const together = (captcha: Captcha, times: number, { id }: ShownChallenge, answer: number) =>
  Promise.all(Array.from({ length: times }, () => captcha.answer({ id, answer, caller: LIVING_ROOM })));

/**
 * The chance that a challenge is solved by answers of which each is right with `p`, or with `pKnowing` by somebody who
 * was just told that the one before was right: all the ways it can go, played.
 */
export async function chanceOf(
  world: World,
  p: number,
  pKnowing = p,
  prefix: readonly Given[] = [],
): Promise<number> {
  const last = prefix.length === 0 ? "open" : (await play(world, prefix, prefix.join())).kinds.at(-1);
  if (last === "solved") return 1;
  if (last === "spent") return 0;
  const right = await chanceOf(world, p, pKnowing, [...prefix, "right"]);
  const wrong = await chanceOf(world, p, pKnowing, [...prefix, "wrong"]);
  const chance = last === "once_more" ? pKnowing : p;
  return chance * right + (1 - chance) * wrong;
}
