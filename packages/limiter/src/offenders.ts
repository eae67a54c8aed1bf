import { Recent } from "./recent.ts";

/**
 * Who is known to be over the limit of one bucket, so that a flood is refused without a round trip.
 *
 * Only ever as strict as Redis: what is remembered is the moment at which the bucket counted zero tokens.
 * From then on it can have gained no more than the refill, and others can only have taken, so a request that
 * this memory refuses would have been refused by Redis too, whatever it costs. Beyond `max` the oldest are
 * forgotten, and their next request simply asks Redis again.
 */
export class Offenders {
  readonly #emptyAtUs: Recent<number>;

  constructor(max: number) {
    this.#emptyAtUs = new Recent(max);
  }

  get size(): number {
    return this.#emptyAtUs.size;
  }

  /** Remembers that `name` counted zero tokens at `emptyAtUs` (monotonic µs; earlier than now if a few are left). */
  remember(name: string, emptyAtUs: number): void {
    this.#emptyAtUs.set(name, emptyAtUs);
  }

  /** Microseconds until `name` can afford `takeUs`, or 0 when only Redis can tell. */
  waitUs(name: string, takeUs: number, nowUs: number): number {
    const emptyAtUs = this.#emptyAtUs.get(name);
    return emptyAtUs === undefined ? 0 : Math.max(0, emptyAtUs + takeUs - nowUs);
  }
}
