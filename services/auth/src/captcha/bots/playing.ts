import { createHash } from "node:crypto";
import { ManualClock } from "@kinopass/testing";
import { Captcha, pngOf, type ShownChallenge, svgOf } from "../captcha.ts";
import type { ChallengeStore } from "../challenge-store.ts";
import type { TaskLanguage } from "../number-words.ts";
import { type CaptchaPolicy, POLICY } from "../policy.ts";
import type { Level } from "../tasks.ts";
import { LIVING_ROOM, READING_MS, reckon } from "../testing/viewer.ts";
import { type Bitmap, decode } from "./pixels.ts";

/** What a bot gets to see. */
export interface Sheet {
  readonly language: TaskLanguage;
  readonly svg: string;
  readonly bitmap: Bitmap;
}

/** Reads many sheets at once; undefined where it sees no sum. */
export type Reader = (sheets: readonly Sheet[]) => Promise<readonly (readonly (number | undefined)[])[]>;

export interface Played {
  answers: number;
  rightAnswers: number;
  challenges: number;
  passes: number;
}

interface Game {
  readonly store: ChallengeStore;
  readonly count: number;
  readonly seed: string;
}

/** Reading may take long, and Redis forgets by its own clock. */
const PATIENCE_MS = 24 * 3_600_000;

/** Suspicion that gives this level and nothing else: every challenge comes from a network of its own. */
export function policyOf(level: Level): CaptchaPolicy {
  const never = POLICY.points.most + 1;
  const steps = { ...POLICY.steps, level2: level > 1 ? 0 : never, level3: level > 2 ? 0 : never };
  return { ...POLICY, steps, challengeMs: PATIENCE_MS };
}

/**
 * Plays challenges by the service's own rules, sum after sum, until each is solved or spent. A bot that offers several
 * readings of a sheet is told which is right, as none in the world is: so its figure is the most that any choice among
 * them could reach. One that sees no sum answers wrong; a guess instead would add its one in a hundred.
 */
export async function play(reader: Reader, { store, count, seed }: Game): Promise<Played> {
  const clock = new ManualClock();
  const captcha = captchaOf(store, clock, seed);
  const played: Played = { answers: 0, rightAnswers: 0, challenges: count, passes: 0 };
  let open: Shown[] = [];
  for (let index = 0; index < count; index++) {
    const language = index % 2 === 0 ? "ru" : "en";
    const outcome = await captcha.issue({ caller: LIVING_ROOM, network: `${seed} ${index}`, language });
    if (outcome.kind === "issued") open.push({ language, challenge: outcome.challenge });
  }
  while (open.length > 0) {
    const readings = await reader(await Promise.all(open.map(sheetOf)));
    clock.advance({ ms: READING_MS });
    const next: Shown[] = [];
    for (const [index, { language, challenge }] of open.entries()) {
      const right = reckon(challenge);
      const isRight = (readings[index] ?? []).includes(right);
      const answer = isRight ? right : -1;
      const outcome = await captcha.answer({ id: challenge.id, answer, caller: LIVING_ROOM });
      played.answers += 1;
      if (isRight) played.rightAnswers += 1;
      if (outcome.kind === "solved") played.passes += 1;
      else if ("challenge" in outcome) next.push({ language, challenge: outcome.challenge });
      else if (outcome.kind !== "spent") throw new Error(`A challenge that is played out is ${outcome.kind}`);
    }
    open = next;
  }
  return played;
}

interface Shown {
  readonly language: TaskLanguage;
  readonly challenge: ShownChallenge;
}

async function sheetOf({ language, challenge: { picture } }: Shown): Promise<Sheet> {
  return { language, svg: svgOf(picture), bitmap: decode(await pngOf(picture)) };
}

/** The text form is on, to know the right answer; bots do not get to see it. The same seed draws the same sums. */
function captchaOf(store: ChallengeStore, clock: ManualClock, seed: string): Captcha {
  let drawn = 0;
  const bytes = (label: string) => createHash("sha512").update(`${seed} ${label}`).digest();
  const randomBytes = (size: number) => bytes(String(drawn++)).subarray(0, size);
  return new Captcha({ store, key: bytes("key").subarray(0, 32), clock, randomBytes, textForm: true });
}
