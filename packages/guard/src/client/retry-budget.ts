const EARNED_PER_REQUEST = 0.1;
const MAX_SAVED = 10;

/**
 * Retries are paid for by requests: ten requests earn one. Starts empty and saves up little, so that
 * attempts ÷ requests never exceeds 1.1, whatever fails (R15).
 */
export class RetryBudget {
  #saved = 0;

  earn(): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + EARNED_PER_REQUEST);
  }

  /** Takes the price of one retry; false where there is not enough. */
  spend(): boolean {
    // A thousandth of slack: ten times 0.1 is a little less than one.
    if (this.#saved < 0.999) return false;
    this.#saved = Math.max(0, this.#saved - 1);
    return true;
  }
}
