/** What runs on this machine because of the stand, and how all of it is taken down again. */

export interface Part {
  readonly name: string;
  readonly stop: () => Promise<void>;
}

/** Ends a start that is no longer wanted. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

export class Running {
  readonly #parts: Part[] = [];
  readonly #pids = new Map<string, number>([["stand", process.pid]]);
  readonly #wanted = new AbortController();
  #stopping: Promise<void> | undefined;

  /** Aborted as soon as the stand is to stop: what is coming up then need not. */
  get unwanted(): AbortSignal {
    return this.#wanted.signal;
  }

  /** Of every process that runs for the stand, its own too. */
  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#pids);
  }

  /** A process came up, for the first time or again. */
  noted(name: string, pid: number): void {
    this.#pids.set(name, pid);
    this.onProcess();
  }

  /** Told whenever another process is the one that runs. */
  onProcess: () => void = () => {};

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Something came up. If it came up while the stand stops, nothing is started after it, and it is stopped like the rest. */
  add(part: Part): void {
    this.#parts.push(part);
    this.proceed();
  }

  /** @throws Stopped once the stand is to stop */
  proceed(): void {
    if (this.unwanted.aborted) throw new Stopped("The stand is stopping.");
  }

  /**
   * Waits for the start, if it is under way, to notice: only then is it known what came up. Newest first then, so
   * that services drain before what they lean on goes. Asked again, it is the same stop.
   */
  stop(started: Promise<unknown>, told: (part: Part, error: unknown) => void): Promise<void> {
    this.#wanted.abort();
    this.#stopping ??= (async () => {
      await started.catch(() => {});
      for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
        const { stop } = part;
        const stopped = part;
        await stop().catch((error: unknown) => told(stopped, error));
      }
    })();
    return this.#stopping;
  }
}
