import { setTimeout as sleep } from "node:timers/promises";
import { type Io, Refused, table } from "../../io.ts";
import { ProgressBar } from "../../progress-bar.ts";
import {
  FLOOD_VISITORS,
  floodShot,
  knowDevice,
  NEIGHBOURS_PER_SECOND,
  type Neighbourhood,
  neighbourShot,
} from "./flood-visitors.ts";
import { Load } from "./load.ts";
import { RedisScripts } from "./redis-scripts.ts";
import { answersOf } from "./report.ts";
import type { RunningStand } from "./running-stand.ts";
import { signUp } from "./sign-up.ts";
import { Tally } from "./tally.ts";

export interface FloodOptions {
  readonly seconds: number;
  readonly perSecond: number;
  /** How many addresses the flood comes from. */
  readonly addresses: number;
}

interface Outcome {
  readonly quiet: Tally;
  readonly flood: Tally;
  /** Scripts that the flood cost Redis, beyond what the neighbours cost it; undefined without a Redis. */
  readonly scripts: number | undefined;
}

const WARM_UP_SECONDS = 2;
const QUIET_SECONDS = 4;
/** Commands Redis may be asked for each refused request. */
const MOST_SCRIPTS = 0.01;
const { flooder, ...NEIGHBOURS } = FLOOD_VISITORS;

/** Guesses one person's password as fast as it is told, and tells what everybody saw. True if every promise held. */
export async function drillFlood(
  io: Io,
  stand: RunningStand,
  options: FloodOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (process.platform !== "linux")
    throw new Refused("This drill needs Linux: it asks from many loopback addresses, 127.77.0.0/16.");
  if (!(await stand.authAnswers())) throw new Refused("The stand's Auth does not answer.");
  io.stderr.write("Signing up two people: one is attacked, the other lives next door …\n");
  const { addresses, env } = stand.published;
  const owner = await signUp(addresses);
  const ground = {
    ...addresses,
    owner,
    device: await knowDevice(addresses.auth, owner),
    stranger: await signUp(addresses),
  };
  const redis = RedisScripts.open(env["REDIS_URL"]);
  try {
    return report(io, options, await flood(io, ground, redis, options, signal));
  } finally {
    redis?.close();
  }
}

async function flood(
  io: Io,
  ground: Neighbourhood,
  redis: RedisScripts | undefined,
  { seconds, perSecond, addresses }: FloodOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const [neighbours, flooding] = [new Load(NEIGHBOURS_PER_SECOND), new Load(perSecond)];
  const [quiet, flooded] = [new Tally(), new Tally()];
  const pass = progress(io, signal);
  const scripts = async () => (await redis?.count()) ?? 0;
  try {
    neighbours.enter({ tally: new Tally(), next: (turn) => neighbourShot(ground, turn) });
    await pass(WARM_UP_SECONDS, "warming up");
    const start = await scripts();
    neighbours.enter({ tally: quiet, next: (turn) => neighbourShot(ground, turn) });
    await pass(QUIET_SECONDS, "quiet, to compare");
    const between = await scripts();
    neighbours.enter({ tally: flooded, next: (turn) => neighbourShot(ground, turn) });
    flooding.enter({ tally: flooded, next: (turn) => floodShot(ground, addresses, turn) });
    await pass(seconds, "flood");
    await Promise.all([flooding.stop(), neighbours.stop()]);
    await Promise.all([neighbours.settled(quiet), neighbours.settled(flooded), flooding.settled(flooded)]);
    const usual = ((between - start) * seconds) / QUIET_SECONDS;
    const cost = Math.max(0, (await scripts()) - between - usual);
    return { quiet, flood: flooded, scripts: redis === undefined ? undefined : cost };
  } finally {
    await Promise.all([flooding.close(), neighbours.close()]);
  }
}

function progress(io: Io, signal: AbortSignal) {
  const bar = new ProgressBar(io.stderr);
  return async (seconds: number, title: string): Promise<void> => {
    const began = performance.now();
    const drawing = setInterval(() => {
      const at = Math.min(seconds, (performance.now() - began) / 1000);
      bar.show(title, at, seconds, `${at.toFixed(0)} of ${seconds.toFixed(0)} s`);
    }, 500);
    try {
      await sleep(seconds * 1000, undefined, { signal });
    } catch {
      throw new Refused("Given up; nothing needs to be put back.");
    } finally {
      clearInterval(drawing);
      bar.clear();
    }
  };
}

function report(io: Io, { seconds, perSecond, addresses }: FloodOptions, outcome: Outcome): boolean {
  const { quiet, flood: flooded, scripts } = outcome;
  const rows = [flooder, ...Object.values(NEIGHBOURS)].map((who) => {
    const before = quiet.seen.has(who) ? `${quiet.quantile(0.99, who).toFixed(1)} ms` : "";
    return ["", who, answersOf(flooded.of(who)), `${flooded.quantile(0.99, who).toFixed(1)} ms`, before];
  });
  io.stdout.write(
    `\n${perSecond.toLocaleString("en")} guesses a second at one password, from ${addresses} addresses, ${seconds} s\n` +
      table([["", "WHO", "ANSWERS", "P99", "BEFORE"], ...rows]) +
      redisLine(outcome),
  );
  const wrong = broken(flooded, scripts);
  for (const words of wrong) io.stdout.write(`  ✗ ${words}\n`);
  if (wrong.length === 0) io.stdout.write("  ✓ every promise held\n");
  return wrong.length === 0;
}

function redisLine({ flood: flooded, scripts }: Outcome): string {
  const refused = flooded.count(flooder, isRefused);
  if (scripts === undefined) return "  The stand has no Redis: limits are counted inside Auth.\n";
  return `  ${refused.toLocaleString("en")} guesses were refused; the whole flood cost Redis ${Math.round(scripts).toLocaleString("en")} scripts, for the guesses that were let in.\n`;
}

/** What was promised and not kept, in words. "Try again in a second" may be said to who signs in: the machine may be late. */
function broken(flooded: Tally, scripts: number | undefined): readonly string[] {
  const refused = flooded.count(flooder, isRefused);
  const odd =
    flooded.count(flooder, (status) => status !== 401 && !isRefused(status)) + flooded.failures(flooder);
  const asked = flooded.count(flooder, () => true) - refused;
  const checks: readonly (readonly [boolean, string])[] = Object.values(NEIGHBOURS).map((who) => {
    const signsIn = who === FLOOD_VISITORS.owner || who === FLOOD_VISITORS.stranger;
    const bad =
      flooded.count(who, (status) => status >= 300 && !(signsIn && status === 503)) + flooded.failures(who);
    const served = flooded.count(who, (status) => status < 300);
    return [bad === 0 && served > 0, `${who}: ${served} succeeded, ${bad} did not`] as const;
  });
  const more: readonly (readonly [boolean, string])[] = [
    [odd === 0, `${odd} guesses were answered otherwise than 401, 429 or 503`],
    [refused > 0, "nobody was refused: was the flood too small, or are its addresses on the allow-list?"],
    [flooded.of(flooder).withoutRetryAfter === 0, "a refusal did not say when to come back"],
    [
      scripts === undefined || scripts <= MOST_SCRIPTS * refused + SCRIPTS_OF_A_GUESS * asked,
      `Redis ran ${Math.round(scripts ?? 0)} scripts for ${refused} refusals and ${asked} guesses`,
    ],
  ];
  return [...checks, ...more].filter(([held]) => !held).map(([, words]) => words);
}

/** A guess that is let in is decided, its password looked up, and its failure charged to both. */
const SCRIPTS_OF_A_GUESS = 8;

function isRefused(status: number): boolean {
  return status === 429 || status === 503;
}
