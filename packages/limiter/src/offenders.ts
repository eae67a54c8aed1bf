/**
 * Who is known to be over the limit of one bucket, so that a flood is refused without a round trip.
 *
 * Only ever as strict as Redis: what is remembered is the moment at which the bucket counted zero tokens.
 * From then on it can have gained no more than the refill, and others can only have taken, so a request that
 * this memory refuses would have been refused by Redis too, whatever it costs. Expired entries go when met;
 * beyond `max` the oldest goes, and its next request simply asks Redis again.
 */
export class Offenders {
  readonly #emptyAtUs = new Map<string, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#emptyAtUs.size;
  }

  /** Remembers that `name` counted zero tokens at `emptyAtUs` (monotonic µs; earlier than now if a few are left). */
  remember(name: string, emptyAtUs: number): void {
    this.#emptyAtUs.delete(name);
    this.#emptyAtUs.set(name, emptyAtUs);
    if (this.#emptyAtUs.size <= this.#max) return;
    const oldest = this.#emptyAtUs.keys().next();
    if (oldest.done !== true) this.#emptyAtUs.delete(oldest.value);
  }

  /** Microseconds until `name` can afford `takeUs`, or 0 when only Redis can tell. */
  waitUs(name: string, takeUs: number, windowUs: number, nowUs: number): number {
    if (this.#emptyAtUs.size === 0) return 0;
    const emptyAtUs = this.#emptyAtUs.get(name);
    if (emptyAtUs === undefined) return 0;
    const waitUs = emptyAtUs + takeUs - nowUs;
    if (waitUs > 0) return waitUs;
    if (emptyAtUs + windowUs <= nowUs) this.#emptyAtUs.delete(name);
    return 0;
  }
}
