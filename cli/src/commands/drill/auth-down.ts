import { systemClock } from "@kinopass/catalog";
import { type Io, Refused } from "../../io.ts";
import { ProgressBar } from "../../progress-bar.ts";
import { type DrillFault, FAULTS, type FaultName } from "./faults.ts";
import { type Asked, type Ground, openGround } from "./ground.ts";
import { Load, type Shot } from "./load.ts";
import { broken, type Outcome, VISITORS } from "./promises.ts";
import { reportOf } from "./report.ts";
import type { RunningStand } from "./running-stand.ts";
import { Tally } from "./tally.ts";
import { Viewers } from "./viewers.ts";

export interface DrillOptions {
  readonly faults: readonly FaultName[];
  readonly seconds: (fault: FaultName) => number;
  readonly quietSeconds: number;
  readonly perSecond: number;
  readonly mostAddedMs: number;
}

const VIEWERS = 6;
const WARM_UP_SECONDS = 4;
/** Viewers' tokens are renewed this often: none runs out under way that should not. */
const RENEW_MS = 4 * 60_000;
const BACK_DEADLINE_MS = 30_000;

/** Hurts Auth in every way in turn, under load, and tells what viewers saw. True if every promise held. */
export async function drillAuthDown(
  io: Io,
  stand: RunningStand,
  options: DrillOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await stand.authAnswers()))
    throw new Refused("The stand's Auth does not answer, so there is nothing to drill.");
  io.stderr.write("Signing up viewers, starting a second catalog and a service with a strict route …\n");
  const viewers = await Viewers.signUp(stand, VIEWERS);
  try {
    const ground = await openGround(stand);
    const load = new Load(options.perSecond);
    try {
      return await new Drill(io, { stand, ground, viewers, load, options }, signal).run();
    } finally {
      stand.undo();
      load.close();
      await ground.close();
    }
  } finally {
    await viewers.close();
  }
}

interface Parts {
  readonly stand: RunningStand;
  readonly ground: Ground;
  readonly viewers: Viewers;
  readonly load: Load;
  readonly options: DrillOptions;
}

class Drill {
  readonly #io: Io;
  readonly #parts: Parts;
  readonly #signal: AbortSignal;
  readonly #bar: ProgressBar;
  #films: readonly number[] = [];
  #fresh: readonly string[] = [];

  constructor(io: Io, parts: Parts, signal: AbortSignal) {
    this.#io = io;
    this.#parts = parts;
    this.#signal = signal;
    this.#bar = new ProgressBar(io.stderr);
  }

  async run(): Promise<boolean> {
    const { ground, stand, viewers, options } = this.#parts;
    this.#films = await filmsToPlay(ground.catalog);
    this.#fresh = await viewers.fresh();
    const renew = setInterval(() => {
      void viewers.fresh().then((tokens) => {
        this.#fresh = tokens;
      });
    }, RENEW_MS);
    try {
      const both = [ground.catalog, stand.published.addresses.catalog];
      await this.#fire(WARM_UP_SECONDS, both, undefined, new Tally(), "warming up");
      const kept: boolean[] = [];
      for (const name of options.faults) {
        const fault: DrillFault = FAULTS[name];
        const targets = fault.everywhere ? both : [ground.catalog];
        // Right before, since the machine has other moods a minute later.
        const quiet = new Tally();
        await this.#fire(options.quietSeconds, targets, undefined, quiet, "quiet, to compare");
        this.#demandPatience();
        const outcome = await this.#drill(fault, options.seconds(name), targets, quiet);
        this.#demandPatience();
        kept.push(this.#say(outcome, quiet));
      }
      return kept.every(Boolean);
    } finally {
      clearInterval(renew);
      this.#bar.clear();
    }
  }

  #demandPatience(): void {
    if (this.#signal.aborted) throw new Refused("Given up; Auth is as it was.");
  }

  async #drill(
    fault: DrillFault,
    seconds: number,
    targets: readonly string[],
    quiet: Tally,
  ): Promise<Outcome> {
    const { stand, ground, viewers } = this.#parts;
    const drilled = { stand, proxy: ground.proxy };
    const tally = new Tally();
    const before = ground.asked();
    await fault.begin(drilled);
    const expiring = await viewers.tokens(new Date(systemClock.now().getTime() + 2_000));
    try {
      await this.#fire(seconds, targets, expiring, tally, fault.title);
    } finally {
      await fault.end(drilled);
    }
    const asked = since(before, ground.asked());
    const p99 = (one: Tally) => one.quantile(0.99, VISITORS.guest, VISITORS.member);
    const addedP99Ms = p99(tally) - p99(quiet);
    const backSeconds = await this.#untilFresh(targets);
    return { title: fault.title, seconds, tally, addedP99Ms, asked, backSeconds };
  }

  /** Of ten requests four are guests', three of the signed in, one strict, and two with a token that runs out. */
  async #fire(
    seconds: number,
    targets: readonly string[],
    expiring: readonly string[] | undefined,
    tally: Tally,
    title: string,
  ): Promise<void> {
    const { load, ground } = this.#parts;
    const began = performance.now();
    const progress = setInterval(() => {
      const at = (performance.now() - began) / 1000;
      this.#bar.show(title, at, seconds, `${Math.min(at, seconds).toFixed(0)} of ${seconds} s`);
    }, 500);
    const next = (turn: number): Shot => {
      const round = Math.floor(turn / 10);
      const base = targets[round % targets.length] ?? ground.catalog;
      const film = `${base}/v1/films/${this.#films[round % this.#films.length]}`;
      const token = this.#fresh[round % this.#fresh.length];
      const late = expiring?.[round % expiring.length];
      const guest: Shot = { who: VISITORS.guest, method: "GET", url: film, token: undefined };
      const play = { method: "POST", url: `${film}/playback` } as const;
      switch (turn % 10) {
        case 1:
        case 4:
          return { who: VISITORS.member, method: "GET", url: film, token };
        case 7:
          return { who: VISITORS.member, ...play, token };
        case 2:
          return { who: VISITORS.strict, method: "GET", url: ground.strict, token };
        case 3:
          return late === undefined
            ? guest
            : { who: VISITORS.expiredReads, method: "GET", url: film, token: late };
        case 8:
          return late === undefined ? guest : { who: VISITORS.expiredActs, ...play, token: late };
        default:
          return guest;
      }
    };
    try {
      await load.run({ seconds, next, tally }, this.#signal);
    } finally {
      clearInterval(progress);
      this.#bar.clear();
    }
  }

  /** Seconds until the strict route lets viewers in and no answer speaks of degradation any more. */
  async #untilFresh(targets: readonly string[]): Promise<number | undefined> {
    const { ground } = this.#parts;
    const token = this.#fresh[0] ?? "";
    const began = performance.now();
    while (performance.now() - began < BACK_DEADLINE_MS) {
      const answers = await Promise.all([
        isFresh(ground.strict, token),
        ...targets.map((target) => isFresh(`${target}/v1/films/${this.#films[0]}`, token)),
      ]);
      if (answers.every(Boolean)) return (performance.now() - began) / 1000;
      await new Promise((next) => setTimeout(next, 50));
    }
    return undefined;
  }

  #say(outcome: Outcome, quiet: Tally): boolean {
    const wrong = broken(outcome, this.#parts.options.mostAddedMs);
    this.#io.stdout.write(reportOf(outcome, quiet));
    for (const words of wrong) this.#io.stdout.write(`  ✗ ${words}\n`);
    if (wrong.length === 0) this.#io.stdout.write("  ✓ every promise held\n");
    return wrong.length === 0;
  }
}

function since(before: Asked, now: Asked): Asked {
  return {
    connections: now.connections - before.connections,
    background: now.background - before.background,
    fromRequests: now.fromRequests - before.fromRequests,
  };
}

async function isFresh(url: string, token: string): Promise<boolean> {
  return await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(2_000),
  }).then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.ok && !answer.headers.has("x-auth-certainty");
    },
    () => false,
  );
}

/** Films that every grown-up viewer may play without a subscription. */
async function filmsToPlay(catalog: string): Promise<readonly number[]> {
  const answer = await fetch(`${catalog}/v1/films?sort=-rating&page_size=100`, {
    signal: AbortSignal.timeout(10_000),
  });
  const { items } = (await answer.json()) as { items: { id: number; access: string }[] };
  const films = items.filter(({ access }) => access === "free").map(({ id }) => id);
  if (films.length === 0) throw new Refused("The catalog has no film that is free to play.");
  return films;
}
