import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Sender } from "./span-batches.ts";

/** One structured log line. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly msg: string;
  readonly [field: string]: unknown;
}

export type Log = (line: LogLine) => void;

/**
 * Tells once when spans stop arriving and once when they arrive again. Jaeger being away for a night is two log lines, not
 * thousands; the batches lost in between are counted in the second.
 */
export class WatchedExporter<Batch extends { readonly length: number } = ReadableSpan[]>
  implements Sender<Batch>
{
  readonly #exporter: Sender<Batch>;
  readonly #endpoint: string;
  readonly #log: Log;
  #lostSpans = 0;
  #failing = false;
  /** Exports are numbered as they begin. */
  #begun = 0;
  #lastArrived = 0;

  constructor(exporter: Sender<Batch>, endpoint: string, log: Log) {
    this.#exporter = exporter;
    this.#endpoint = endpoint;
    this.#log = log;
  }

  export(spans: Batch, done: (result: ExportResult) => void): void {
    this.#begun += 1;
    const turn = this.#begun;
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#arrived(turn);
      else this.#lost(turn, spans.length, result.error);
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
  }

  #arrived(turn: number): void {
    this.#lastArrived = Math.max(turn, this.#lastArrived);
    if (!this.#failing) return;
    const lost_spans = this.#lostSpans;
    this.#failing = false;
    this.#lostSpans = 0;
    this.#log({ level: "info", msg: "traces are exported again", endpoint: this.#endpoint, lost_spans });
  }

  #lost(turn: number, spans: number, error: Error | undefined): void {
    this.#lostSpans += spans;
    // One begun before another that has arrived since tells of the past: its wait is over, the outage too.
    if (this.#failing || turn < this.#lastArrived) return;
    this.#failing = true;
    const { code } = (error ?? {}) as { code?: unknown };
    // gRPC's codes are numbers that tell a reader nothing; its messages name them.
    const reason = typeof code === "string" ? code : (error?.message ?? code ?? "unknown");
    this.#log({
      level: "warn",
      msg: "traces cannot be exported; the service is not affected, spans are dropped until it works again",
      endpoint: this.#endpoint,
      reason: String(reason),
    });
  }
}
