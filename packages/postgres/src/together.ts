/**
 * Statements of many requests in one round trip. Whoever asks in the same turn of the event loop, or while as many round
 * trips are under way as make sense, goes to the database together with the others, and is told its own answer. Under load
 * PostgreSQL then commits once for many, and both sides spend a fraction of the work on each; who comes alone goes alone.
 */
import { AsyncResource } from "node:async_hooks";
import { meter, pastSpan } from "@kinopass/tracing";
import { DatabaseRefusal, isLocked } from "./errors.ts";

/** Round trips under way before others wait. One would leave the server idle between two. */
const AT_ONCE = 2;
const MOST_TOGETHER = 64;
/** A round trip that takes so long is waiting for something, and nobody else waits for it. */
const STUCK_MS = 20;

export interface Trips<Item, Answer> {
  /** Named in traces: the span of who waited for an answer in company. */
  readonly name: string;
  alone(item: Item): Promise<Answer>;
  /**
   * Answers in the order of the items. In one transaction: where it is refused, or gives up on a lock, nothing has happened
   * to any of them, and each is asked for alone.
   */
  together(items: readonly Item[]): Promise<readonly Answer[]>;
}

const ALONE = Symbol("alone");

const parted = meter().counter("kinopass.postgres.companies_parted", {
  description:
    "Companies that the database refused, so that each of them was asked for alone; by name and reason",
});

interface Asked<Item, Answer> {
  readonly item: Item;
  readonly turn: PromiseWithResolvers<typeof ALONE | { readonly answer: Answer }>;
}

export class Together<Item, Answer> {
  readonly #trips: Trips<Item, Answer>;
  /** It is nobody's request: bound to where this was made, it runs outside the trace of whoever came last. */
  readonly #together = AsyncResource.bind((asked: readonly Asked<Item, Answer>[]) => this.#answer(asked));
  #waiting: Asked<Item, Answer>[] = [];
  #underWay = 0;
  #gathering = false;

  constructor(trips: Trips<Item, Answer>) {
    this.#trips = trips;
  }

  async ask(item: Item): Promise<Answer> {
    const began = performance.now();
    const turn: Asked<Item, Answer>["turn"] = Promise.withResolvers();
    this.#waiting.push({ item, turn });
    this.#gather();
    const told = await turn.promise;
    // Asked for here, where the request's own trace is.
    if (told === ALONE) return await this.#holding(() => this.#trips.alone(item));
    pastSpan(this.#trips.name, { began, ended: performance.now() });
    return told.answer;
  }

  /** Leaves at the end of this turn of the event loop: requests that were read in it, answers that came in it. */
  #gather(): void {
    if (this.#gathering || this.#underWay >= AT_ONCE) return;
    this.#gathering = true;
    setImmediate(() => {
      this.#gathering = false;
      this.#leave();
    });
  }

  #leave(): void {
    if (this.#underWay >= AT_ONCE) return;
    const [first, ...others] = this.#waiting.splice(0, MOST_TOGETHER);
    if (first === undefined) return;
    if (others.length === 0) first.turn.resolve(ALONE);
    else void this.#holding(() => this.#together([first, ...others]));
    if (this.#waiting.length > 0) this.#gather();
  }

  /** Counts the work as under way until it ends, or seems to be stuck; then whoever waits may leave. */
  async #holding<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      this.#underWay -= 1;
      this.#leave();
    };
    const stuck = setTimeout(release, STUCK_MS);
    try {
      return await work();
    } finally {
      clearTimeout(stuck);
      release();
    }
  }

  /** Never rejects. */
  async #answer(asked: readonly Asked<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#trips.together(asked.map(({ item }) => item));
      for (const [index, { turn }] of asked.entries()) turn.resolve({ answer: answers[index] as Answer });
    } catch (error) {
      // One locked row or one refused value is no reason to send the others away.
      const reason = isLocked(error) ? "locked" : error instanceof DatabaseRefusal ? "refused" : undefined;
      if (reason !== undefined) parted.add(1, { name: this.#trips.name, reason });
      for (const { turn } of asked)
        if (reason !== undefined) turn.resolve(ALONE);
        else turn.reject(error);
    }
  }
}
