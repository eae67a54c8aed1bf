/** Work that comes round every so often, for as long as the service runs; never twice at once. It must not reject. */
export class Rounds {
  readonly #everyMs: number;
  readonly #work: () => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> | undefined;

  constructor(everyMs: number, work: () => Promise<unknown>) {
    this.#everyMs = everyMs;
    this.#work = work;
  }

  /** Keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.#work().finally(() => {
        this.#running = undefined;
      });
    }, this.#everyMs).unref();
  }

  /** Waits for a round that is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }
}
