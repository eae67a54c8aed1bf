/**
 * Password hashing has a lane of its own, off the event loop and off libuv's pool (where DNS, files and
 * crypto wait as well): so many threads and no more, each at a lower priority than the event loop. The
 * queue before it is bounded in time: who would wait longer than half a second is sent away at once
 * with 503 and Retry-After, since an answer that comes too late costs as much as one in time. While
 * more come than there are threads, a thread takes up to eight at once and answers them together.
 *
 * A door takes its place before it asks Redis or PostgreSQL anything. Otherwise all who come while the
 * first are still being looked up would see the same free place, and be sent away after costing as much.
 */
import { availableParallelism } from "node:os";
import { type AppError, refusals } from "@kinopass/http";
import { meter, pastSpan, type RecordingInstrument } from "@kinopass/tracing";
import { type Hashed, HashThread, TOGETHER } from "./hash-thread.ts";
import type { HashResult, HashTask } from "./hash-worker.ts";

export const refuse = refusals({
  busy_try_again: {
    status: 503,
    title: {
      en: "Too many people are signing in right now; try again in a moment",
      ru: "Сейчас входит слишком много людей, попробуйте чуть позже",
    },
  },
});

const LONGEST_WAIT_MS = 500;
/** Of the longest wait, what a door may promise by the mean: most of those let in then have their turn within it. */
const PROMISED_SHARE = 0.6;
/** A guess until the first hash was measured: that of the default cost on a common core. */
const FIRST_GUESS_MS = 20;
/** Weight of the newest measurement in the running mean. */
const NEWEST_WEIGHT = 0.2;

const waited = meter().histogram("kinopass.auth.hash_wait", {
  description: "Time a password waits for its turn on a thread",
  unit: "s",
  boundaries: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5],
});
const worked = meter().histogram("kinopass.auth.hash_work", {
  description: "Time of the hash itself",
  unit: "s",
  boundaries: [0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1],
});

interface Waiting {
  readonly begin: (thread: HashThread) => void;
  readonly refuse: () => void;
}

export class HashLane {
  readonly #threads: HashThread[];
  readonly #waiting: Waiting[] = [];
  readonly #shed = meter().counter("kinopass.auth.hashes_shed", {
    description: "Hashes refused: the lane is full",
  });
  readonly #longestWaitMs: number;
  #meanMs: number | undefined;
  /** Those with a place: on their way to the queue, in it, at work, or being answered. */
  #inside = 0;
  #closed = false;

  /** `workers`: hashes at the same time; 0 takes one for each core. Threads start with their first hash. */
  constructor({ workers, longestWaitMs = LONGEST_WAIT_MS }: { workers: number; longestWaitMs?: number }) {
    this.#longestWaitMs = longestWaitMs;
    const count = workers > 0 ? workers : availableParallelism();
    this.#threads = Array.from({ length: count }, () => new HashThread());
  }

  /** Hashes that a thread has, and those that wait for one; for metrics. */
  get load(): { readonly working: number; readonly waiting: number } {
    const working = this.#threads.reduce((sum, thread) => sum + thread.load, 0);
    return { working, waiting: this.#waiting.length };
  }

  /** `busy_try_again` where who came now would wait too long. */
  refusal(): AppError | undefined {
    const { working, waiting } = this.load;
    // Some tasks come without a place, and a client that hung up gave its place back while its hash goes on.
    const ahead = Math.max(this.#inside, working + waiting);
    return this.#hasRoom(ahead, PROMISED_SHARE * this.#longestWaitMs) ? undefined : this.#full();
  }

  /** Takes a place, or refuses as `refusal` says; the caller gives it back once. */
  enter(): () => void {
    const refused = this.refusal();
    if (refused !== undefined) throw refused;
    this.#inside += 1;
    return () => {
      this.#inside -= 1;
    };
  }

  #hasRoom(ahead: number, longestMs: number): boolean {
    if (this.#closed) return false;
    const turns = ahead + 1 - this.#threads.length;
    return (turns * (this.#meanMs ?? FIRST_GUESS_MS)) / this.#threads.length <= longestMs;
  }

  /** Ids of the threads that run, for tests that kill them. */
  get threads(): readonly HashThread[] {
    return this.#threads;
  }

  /** Runs one task; refuses `busy_try_again` where the wait would be too long or the thread died. */
  async run(task: HashTask): Promise<HashResult> {
    const asked = performance.now();
    const waitedFor = (ended: number) => tell(waited, "passwords.hash_wait", asked, ended);
    try {
      const thread = await this.#turn();
      const { result, began, ended } = await this.#work(thread, task);
      waitedFor(began);
      tell(worked, "passwords.hash_work", began, ended);
      return result;
    } catch (error) {
      // Who was sent away has waited as well; a hash that failed is not one.
      waitedFor(performance.now());
      throw error;
    }
  }

  /** Sends away who waits and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { refuse: sendAway } of this.#waiting.splice(0)) sendAway();
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Resolves with a thread that is reserved for the caller. */
  #turn(): Promise<HashThread> | HashThread {
    const thread = this.#idlest();
    if (thread.load === 0 && !this.#closed) return thread.reserve();
    const { working, waiting: queued } = this.load;
    if (!this.#hasRoom(working + queued, this.#longestWaitMs)) throw this.#full();
    if (thread.load < TOGETHER) return thread.reserve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.refuse();
      }, this.#longestWaitMs);
      const waiting: Waiting = {
        begin: (thread) => {
          clearTimeout(timer);
          resolve(thread.reserve());
        },
        refuse: () => {
          clearTimeout(timer);
          reject(this.#full());
        },
      };
      this.#waiting.push(waiting);
    });
  }

  #idlest(): HashThread {
    return this.#threads.reduce((best, next) => (next.load < best.load ? next : best));
  }

  async #work(thread: HashThread, task: HashTask): Promise<Hashed> {
    try {
      const hashed = await thread.run(task);
      const took = hashed.ended - hashed.began;
      this.#meanMs = this.#meanMs === undefined ? took : this.#meanMs + NEWEST_WEIGHT * (took - this.#meanMs);
      return hashed;
    } catch (error) {
      throw refuse.busy_try_again({ cause: error, headers: { "retry-after": "1" } });
    } finally {
      thread.release();
      this.#waiting.shift()?.begin(thread);
    }
  }

  #full(): AppError {
    this.#shed.add(1);
    return refuse.busy_try_again({ headers: { "retry-after": "1" } });
  }
}

function tell(instrument: RecordingInstrument, name: string, began: number, ended: number): void {
  instrument.record((ended - began) / 1000);
  pastSpan(name, { began, ended });
}
