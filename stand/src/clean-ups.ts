/** Takes down what came up, newest first: what leans on something goes before it does. */
export class CleanUps {
  readonly #cleanUps: (() => unknown)[] = [];

  /** Something came up, and this takes it down. */
  later(cleanUp: () => unknown): void {
    this.#cleanUps.push(cleanUp);
  }

  /** Opens something of many parts: all of it, or what came up before one of them failed is gone when that is told. */
  async wholeOrNothing<T>(open: () => Promise<T>): Promise<T> {
    try {
      return await open();
    } catch (error) {
      // Why it did not come up is what the caller needs, not what that led to.
      await this.run().catch(() => {});
      throw error;
    }
  }

  /** One that cannot be taken down keeps none of the others; it is told when all were asked. */
  async run(): Promise<void> {
    const troubles: unknown[] = [];
    for (let next = this.#cleanUps.pop(); next !== undefined; next = this.#cleanUps.pop()) {
      try {
        await next();
      } catch (error) {
        troubles.push(error);
      }
    }
    if (troubles.length > 0) throw new AggregateError(troubles, `${troubles.map(String).join("; ")}`);
  }
}
