import type { Output } from "./io.ts";

const WIDTH = 24;

/** A line that is drawn over on a terminal; nothing where nobody watches. */
export class ProgressBar {
  readonly #output: Output;
  #drawn = "";

  constructor(output: Output) {
    this.#output = output;
  }

  show(label: string, done: number, total: number, note: string): void {
    if (this.#output.isTTY !== true) return;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const bar = "█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "░");
    const line = `${label} ${bar} ${Math.floor(share * 100)} % ${note}`.slice(
      0,
      (this.#output.columns ?? 80) - 1,
    );
    if (line === this.#drawn) return;
    this.#drawn = line;
    this.#output.write(`\r\u001b[2K${line}`);
  }

  /** Writes a line that stays. */
  say(line: string): void {
    this.clear();
    this.#output.write(`${line}\n`);
  }

  clear(): void {
    if (this.#drawn !== "") this.#output.write("\r\u001b[2K");
    this.#drawn = "";
  }
}
