import { AnswerRefused, readBoundedJson } from "../bounded-json.ts";
import type { Uptime } from "../clock.ts";
import type { Timings } from "../options.ts";

const MAX_ANSWER_BYTES = 16 * 1024;
/** Often enough to tell before an outage would be proven, and no more often. */
const QUESTIONS_BEFORE_PROOF = 4;

/** closed: whatever answers there is not Auth's own word; that door is not open to us. */
export type ReadinessWord = "ready" | "not_ready" | "closed";

export interface ReadinessOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly uptime: Uptime;
  readonly timings: Pick<Timings, "answerMs" | "provenAwayMs">;
  /** `keysAnswered`: whether keys came since the last word. Not called once stopped. */
  readonly onWord: (word: ReadinessWord, keysAnswered: boolean) => void;
}

/**
 * Asks whether Auth can serve, not only answer: keys are served from memory while its database is away. In the
 * background, when another probe has left that open; one question at a time.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #abort = new AbortController();
  #asking = false;
  #askAgainAt = 0;
  #keysAnswered = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** `after`: the probe that left it open. */
  askAfter(probe: "keys" | "feed"): void {
    this.#keysAnswered ||= probe === "keys";
    const { uptime, timings } = this.#options;
    if (this.#asking || this.#abort.signal.aborted || uptime() < this.#askAgainAt) return;
    this.#asking = true;
    this.#askAgainAt = uptime() + timings.provenAwayMs / QUESTIONS_BEFORE_PROOF;
    void this.#ask().then((word) => this.#told(word));
  }

  stop(): void {
    this.#abort.abort();
  }

  #told(word: ReadinessWord): void {
    const keysAnswered = this.#keysAnswered;
    this.#keysAnswered = this.#asking = false;
    if (!this.#abort.signal.aborted) this.#options.onWord(word, keysAnswered);
  }

  /** Never rejects: no answer in time is one, too. */
  async #ask(): Promise<ReadinessWord> {
    const { url, timings } = this.#options;
    try {
      const response = await this.#options.fetch(url, {
        headers: { accept: "application/json" },
        redirect: "manual",
        signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timings.answerMs)]),
      });
      if (response.status === 200) return await wordOf(response);
      await response.body?.cancel();
      return response.status >= 500 ? "not_ready" : "closed";
    } catch {
      return "not_ready";
    }
  }
}

/** A gateway may answer every address with a page of its own. */
async function wordOf(response: Response): Promise<ReadinessWord> {
  try {
    const body = await readBoundedJson(response, MAX_ANSWER_BYTES);
    return (body as { readonly status?: unknown } | null)?.status === "ok" ? "ready" : "closed";
  } catch (error) {
    if (error instanceof AnswerRefused) return "closed";
    throw error;
  }
}
