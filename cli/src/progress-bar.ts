import type { Output } from "./io.ts";

const WIDTH = 24;

/** Who reads a log, or the end of a pipe, is told so often that the work goes on. */
const TOLD_EVERY_MS = 30_000;

/** A line that is drawn over on a terminal; elsewhere, now and then a line that stays. */
export class ProgressBar {
  readonly #output: Output;
  readonly #now: () => number;
  #drawn = "";
  #toldAt: number;

  /** `now`: milliseconds of a clock that only goes on. */
  constructor(output: Output, now = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#toldAt = now();
  }

  show(label: string, done: number, total: number, note: string): void {
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const percent = Math.floor(share * 100);
    if (this.#output.isTTY === true) this.#draw(label, share, `${percent} % ${note}`);
    else this.#tell(`${label} ${percent} % ${note}`);
  }

  #draw(label: string, share: number, note: string): void {
    const bar = "█".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "░");
    const line = `${label} ${bar} ${note}`.slice(0, (this.#output.columns ?? 80) - 1);
    if (line === this.#drawn) return;
    this.#drawn = line;
    this.#output.write(`\r\u001b[2K${line}`);
  }

  #tell(line: string): void {
    if (this.#now() - this.#toldAt < TOLD_EVERY_MS) return;
    this.#toldAt = this.#now();
    this.#output.write(`${line}\n`);
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
