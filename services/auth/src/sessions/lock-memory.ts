/** Long for a row, whose holder needs a millisecond; short enough for many to come after in the time a request has. */
export const LOCK_WAIT_MS = 100;
/** How long after a failure nobody but one tries again. */
const AGAIN_MS = 500;

/**
 * Remembers that a table was locked a moment ago: who comes then does not find out for himself. One in half a second tries
 * whether it still is.
 */
export class LockMemory {
  #nextTry: number | undefined;

  get isLocked(): boolean {
    return this.#nextTry !== undefined;
  }

  mayTry(): boolean {
    if (this.#nextTry === undefined) return true;
    const now = performance.now();
    if (now < this.#nextTry) return false;
    this.#nextTry = now + AGAIN_MS;
    return true;
  }

  /** Tells whether this is news. */
  locked(): boolean {
    const isNews = !this.isLocked;
    this.#nextTry = performance.now() + AGAIN_MS;
    return isNews;
  }

  /** Tells whether this is news. */
  free(): boolean {
    const isNews = this.isLocked;
    this.#nextTry = undefined;
    return isNews;
  }
}
