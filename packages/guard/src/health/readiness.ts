import { AnswerRefused, readBoundedJson } from "../bounded-json.ts";

const MAX_ANSWER_BYTES = 16 * 1024;

/** closed: whatever answers there is not Auth's own word; that door is not open to us. */
export type ReadinessWord = "ready" | "not_ready" | "closed";

export interface ReadinessOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly answerMs: number;
}

/** Asks whether Auth can serve, not only answer: keys are served from memory while its database is away. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #abort = new AbortController();

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Never rejects: no answer in time is one, too. */
  async ask(): Promise<ReadinessWord> {
    const { url, answerMs } = this.#options;
    try {
      const response = await this.#options.fetch(url, {
        headers: { accept: "application/json" },
        redirect: "manual",
        signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(answerMs)]),
      });
      if (response.status === 200) return await wordOf(response);
      await response.body?.cancel();
      return response.status >= 500 ? "not_ready" : "closed";
    } catch {
      return "not_ready";
    }
  }

  stop(): void {
    this.#abort.abort();
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
