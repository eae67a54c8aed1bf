/** Where progress is written; a terminal's line is drawn over, anything else gets a line a file. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const WIDTH = 24;

export class ProgressBar {
  readonly #output: ProgressOutput;
  #drawn = "";

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Draws the bar anew where it has changed; nothing where nobody watches. */
  show(label: string, done: number, total: number, note: string): void {
    if (this.#output.isTTY !== true) return;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const full = Math.round(share * WIDTH);
    const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
    const line = `${label} ${bar} ${String(Math.floor(share * 100)).padStart(3)} % ${note}`;
    const fitting = line.slice(0, Math.max(20, (this.#output.columns ?? 80) - 1));
    if (fitting === this.#drawn) return;
    this.#drawn = fitting;
    this.#output.write(`\r\u001b[2K${fitting}`);
  }

  /** Writes a line that stays; the bar is drawn again below it when it next moves. */
  say(line: string): void {
    this.#output.write(`${this.#drawn === "" ? "" : "\r\u001b[2K"}${line}\n`);
    this.#drawn = "";
  }
}
