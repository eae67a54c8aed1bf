import type { Random, Uptime } from "../clock.ts";

const WINDOW_MS = 120_000;
const SLOTS = 24;
const SLOT_MS = WINDOW_MS / SLOTS;
/** So many requests are let through for each one accepted: what is sent above that finds out when it gets better. */
const K = 2;
/** So many may be without an answer before they count against the peer: a service that begins with many calls at once has none yet. */
const BENEFIT_OF_DOUBT = 50;

interface Slot {
  index: number;
  requests: number;
  accepts: number;
}

/**
 * Adaptive throttling (Google SRE, "Handling overload"): a caller drops by itself what the other side
 * would refuse anyway, with p = max(0, (requests − K·accepts − 50) / (requests + 1)) over two minutes.
 * A request counts when it starts, or a slow peer would look like an idle one.
 */
export class Throttle {
  readonly #uptime: Uptime;
  readonly #random: Random;
  readonly #slots: Slot[] = Array.from({ length: SLOTS }, () => ({ index: -1, requests: 0, accepts: 0 }));

  constructor(uptime: Uptime, random: Random) {
    this.#uptime = uptime;
    this.#random = random;
  }

  /** Counts a request, and whether it should be dropped here and now. */
  drops(): boolean {
    const refuse = this.#random() < this.refusalProbability();
    this.#slot().requests += 1;
    return refuse;
  }

  accepted(): void {
    this.#slot().accepts += 1;
  }

  refusalProbability(): number {
    const oldest = Math.floor(this.#uptime() / SLOT_MS) - SLOTS;
    let requests = 0;
    let accepts = 0;
    for (const slot of this.#slots) {
      if (slot.index <= oldest) continue;
      requests += slot.requests;
      accepts += slot.accepts;
    }
    return Math.max(0, (requests - K * accepts - BENEFIT_OF_DOUBT) / (requests + 1));
  }

  #slot(): Slot {
    const index = Math.floor(this.#uptime() / SLOT_MS);
    const slot = this.#slots[index % SLOTS] as Slot;
    if (slot.index !== index) Object.assign(slot, { index, requests: 0, accepts: 0 });
    return slot;
  }
}
