import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "@kinopass/catalog";
import { type Io, Refused } from "../../io.ts";
import { ProgressBar } from "../../progress-bar.ts";
import { type DrillFault, FAULTS, type FaultName } from "./faults.ts";
import { type Asked, type Ground, openGround } from "./ground.ts";
import { Load } from "./load.ts";
import { broken, type Outcome, VISITORS } from "./promises.ts";
import { reportOf, totalOf } from "./report.ts";
import type { RunningStand } from "./running-stand.ts";
import { Tally } from "./tally.ts";
import { Viewers } from "./viewers.ts";
import { filmsToPlay, isFresh, type Visited, visit } from "./visitors.ts";

export interface DrillOptions {
  readonly faults: readonly FaultName[];
  readonly seconds: (fault: FaultName) => number;
  /** To compare with: half of it right before a fault and half right after. */
  readonly quietSeconds: number;
  readonly perSecond: number;
  readonly mostAddedMs: number;
}

const FEWEST_VIEWERS = 6;
/** The stand limits what one account may play: more requests take more viewers, not busier ones. */
const PER_VIEWER = 50;
const WARM_UP_SECONDS = 10;
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
  const viewers = await Viewers.signUp(
    stand,
    Math.max(FEWEST_VIEWERS, Math.ceil(options.perSecond / PER_VIEWER)),
  );
  try {
    const ground = await openGround(stand);
    const load = new Load(options.perSecond);
    try {
      return await new Drill(io, { stand, ground, viewers, load, options }, signal).run();
    } finally {
      stand.undo();
      await load.close();
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
    const { ground, viewers, options } = this.#parts;
    this.#films = await filmsToPlay(ground.catalog);
    this.#fresh = await viewers.fresh();
    const renew = setInterval(() => {
      void viewers.fresh().then((tokens) => {
        this.#fresh = tokens;
      });
    }, RENEW_MS);
    try {
      this.#enter(new Tally(), this.#targets(true));
      await this.#pass(WARM_UP_SECONDS, "warming up");
      const outcomes: Outcome[] = [];
      let held = true;
      for (const name of options.faults) {
        const outcome = await this.#drill(FAULTS[name], options.seconds(name));
        outcomes.push(outcome);
        held = this.#say(outcome) && held;
      }
      this.#io.stdout.write(totalOf(outcomes));
      return held;
    } finally {
      clearInterval(renew);
      this.#bar.clear();
    }
  }

  /** Quiet, the outage, the way back, quiet: the machine's moods of that minute are on both sides of the comparison. */
  async #drill(fault: DrillFault, seconds: number): Promise<Outcome> {
    const { stand, ground, viewers, load, options } = this.#parts;
    const targets = this.#targets(fault.everywhere);
    const [quiet, tally, back] = [new Tally(), new Tally(), new Tally()];
    this.#enter(quiet, targets);
    await this.#pass(options.quietSeconds / 2, "quiet, to compare");

    const drilled = { stand, proxy: ground.proxy };
    const expiring = await viewers.tokens(new Date(systemClock.now().getTime() + 2_000));
    const before = ground.asked();
    this.#enter(tally, targets, expiring);
    await fault.begin(drilled);
    try {
      await this.#pass(seconds, fault.title);
    } finally {
      this.#enter(back, targets);
      await fault.end(drilled);
    }
    const asked = since(before, ground.asked());
    const backSeconds = await this.#untilFresh(targets);

    this.#enter(quiet, targets);
    await this.#pass(options.quietSeconds / 2, "quiet, to compare");
    this.#enter(new Tally(), targets);
    await Promise.all([quiet, tally, back].map((each) => load.settled(each)));
    const p99 = (one: Tally) => one.typical(0.99, VISITORS.guest, VISITORS.member);
    const addedP99Ms = p99(tally) - p99(quiet);
    return { title: fault.title, seconds, tally, quiet, back, addedP99Ms, asked, backSeconds };
  }

  /** What the process suffers the stand's own catalog feels too; what the network does, only the drill's. */
  #targets(everywhere: boolean): readonly string[] {
    const { ground, stand } = this.#parts;
    return everywhere ? [ground.catalog, stand.published.addresses.catalog] : [ground.catalog];
  }

  #enter(tally: Tally, catalogs: readonly string[], expiring?: readonly string[]): void {
    const { load, ground } = this.#parts;
    const shared = { catalogs, strict: ground.strict, films: this.#films, fresh: () => this.#fresh };
    const visited: Visited = expiring === undefined ? shared : { ...shared, expiring };
    load.enter({ tally, next: (turn) => visit(visited, turn) });
  }

  async #pass(seconds: number, title: string): Promise<void> {
    const began = performance.now();
    const progress = setInterval(() => {
      const at = Math.min(seconds, (performance.now() - began) / 1000);
      this.#bar.show(title, at, seconds, `${at.toFixed(0)} of ${seconds.toFixed(0)} s`);
    }, 500);
    try {
      await sleep(seconds * 1000, undefined, { signal: this.#signal });
    } catch {
      throw new Refused("Given up; Auth is as it was.");
    } finally {
      clearInterval(progress);
      this.#bar.clear();
    }
  }

  /** Seconds until the strict route lets viewers in and no answer speaks of degradation any more. */
  async #untilFresh(targets: readonly string[]): Promise<number | undefined> {
    const { strict } = this.#parts.ground;
    const token = this.#fresh[0] ?? "";
    const pages = targets.map((target) => `${target}/v1/films/${this.#films[0]}`);
    const began = performance.now();
    while (performance.now() - began < BACK_DEADLINE_MS) {
      const answers = await Promise.all([strict, ...pages].map((url) => isFresh(url, token)));
      if (answers.every(Boolean)) return (performance.now() - began) / 1000;
      await sleep(50);
    }
    return undefined;
  }

  #say(outcome: Outcome): boolean {
    const wrong = broken(outcome, this.#parts.options.mostAddedMs);
    this.#io.stdout.write(reportOf(outcome));
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
