import { Worker } from "node:worker_threads";
import type { HashAnswer, HashResult, HashTask } from "./hash-worker.ts";

export interface Hashed {
  readonly result: HashResult;
  readonly workMs: number;
}

const SCRIPT = new URL("./hash-worker.js", import.meta.url);

/**
 * One thread that hashes, started with its first task and replaced when it died. It gets no environment
 * and no flags of ours: it needs no secret, and must not start a second tracer.
 */
export class HashThread {
  #worker: Worker | undefined;
  #reserved = false;

  get busy(): boolean {
    return this.#reserved;
  }

  reserve(): this {
    this.#reserved = true;
    return this;
  }

  release(): void {
    this.#reserved = false;
  }

  /** One task at a time: the caller has reserved it. Rejects where the thread dies or cannot do it. */
  async run(task: HashTask): Promise<Hashed> {
    const worker = this.#started();
    const { promise, resolve, reject } = Promise.withResolvers<Hashed>();
    const onMessage = (answer: HashAnswer) =>
      "failed" in answer ? reject(new Error(`argon2: ${answer.failed}`)) : resolve(answer);
    const onExit = (code: number) => reject(new Error(`The hashing thread ended with ${code}`));
    worker.once("message", onMessage).once("exit", onExit);
    // While it works the process must stay; an idle thread keeps nobody from leaving.
    worker.ref();
    worker.postMessage(task);
    try {
      return await promise;
    } finally {
      worker.off("message", onMessage).off("exit", onExit);
      worker.unref();
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(SCRIPT, {
      name: "password-hash",
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
    });
    worker.unref();
    // An error is followed by `exit`; without a listener it would end the process.
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }
}
