import { Worker } from "node:worker_threads";
import type { HashAnswer, HashResult, HashTask } from "./hash-worker.ts";

/** Both times are readings of this thread's performance.now(). */
export interface Hashed {
  readonly result: HashResult;
  readonly began: number;
  readonly ended: number;
}

/** At most so many are given to one thread, and answered together. */
export const TOGETHER = 8;

type Asked = PromiseWithResolvers<Hashed>;

const SCRIPT = new URL("./hash-worker.js", import.meta.url);

/**
 * One thread that hashes, started with its first task and replaced when it died. It gets no environment
 * and no flags of ours: it needs no secret, and must not start a second tracer.
 */
export class HashThread {
  #worker: Worker | undefined;
  #reserved = 0;
  /** Handed over and not answered, oldest first: the thread answers in this order. */
  readonly #asked: Asked[] = [];

  /** Tasks that it was given, and those it was promised. */
  get load(): number {
    return this.#reserved;
  }

  reserve(): this {
    this.#reserved += 1;
    return this;
  }

  release(): void {
    this.#reserved -= 1;
  }

  /** The caller has reserved it. Rejects where the thread dies or cannot do it. */
  async run(task: HashTask): Promise<Hashed> {
    const worker = this.#started();
    const asked = Promise.withResolvers<Hashed>();
    this.#asked.push(asked);
    // While it works the process must stay; an idle thread keeps nobody from leaving.
    worker.ref();
    worker.postMessage(task);
    return await asked.promise;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(SCRIPT, {
      name: "password-hash",
      env: {},
      workerData: TOGETHER,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
    });
    worker.unref();
    worker.on("message", (answers: readonly HashAnswer[]) => this.#answered(worker, answers));
    // An error is followed by `exit`; without a listener it would end the process.
    worker.on("error", () => {});
    worker.once("exit", (code) => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#asked.splice(0))
        reject(new Error(`The hashing thread ended with ${code}`));
    });
    this.#worker = worker;
    return worker;
  }

  #answered(worker: Worker, answers: readonly HashAnswer[]): void {
    const now = performance.now();
    for (const [index, asked] of this.#asked.splice(0, answers.length).entries()) {
      const answer = answers[index] as HashAnswer;
      if ("failed" in answer) asked.reject(new Error(`argon2: ${answer.failed}`));
      else {
        const ended = now - answer.endedMsAgo;
        asked.resolve({ result: answer.result, began: ended - answer.workMs, ended });
      }
    }
    if (this.#asked.length === 0) worker.unref();
  }
}
