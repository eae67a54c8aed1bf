import { context, diag, TraceFlags } from "@opentelemetry/api";
import {
  type ExportResult,
  ExportResultCode,
  globalErrorHandler,
  suppressTracing,
} from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { BatchLimits } from "./config.ts";
import { SpanScribe, traceRequest, type WrittenSpans } from "./otlp-spans.ts";
import type { RecordedSpan } from "./recorded-span.ts";
import type { EndedSpans } from "./tracer-provider.ts";

/** A request that is ready to be sent. */
export interface SpanRequest {
  /** Spans in it. */
  readonly length: number;
  readonly body: Uint8Array;
}

/** Sends one batch at a time. */
export interface Sender<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

interface Options {
  readonly resource: Resource;
  readonly limits: BatchLimits;
  readonly sender: Sender<SpanRequest>;
}

/**
 * Gathers spans, as bytes, and sends them by the specification's rules for a batching processor: when a batch is full or
 * its first span has waited long enough, one batch at a time; what finds the queue full is dropped.
 */
export class SpanBatches implements EndedSpans {
  readonly #resource: Resource;
  readonly #limits: BatchLimits;
  readonly #sender: Sender<SpanRequest>;
  readonly #batchSize: number;
  readonly #open = new SpanScribe();
  readonly #full: WrittenSpans[] = [];
  /** Spans in full batches. */
  #waiting = 0;
  #dropped = 0;
  #isSending = false;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  /** The batches that are being sent one after the other; never rejects. */
  #underWay: Promise<void> | undefined;

  constructor({ resource, limits, sender }: Options) {
    this.#resource = resource;
    this.#limits = limits;
    this.#sender = sender;
    this.#batchSize = Math.min(limits.maxExportBatchSize, limits.maxQueueSize);
  }

  onEnd(span: RecordedSpan): void {
    if (this.#stopping !== undefined || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#waiting + this.#open.length >= this.#limits.maxQueueSize) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) diag.warn(`${this.#dropped} spans were dropped: too many waited to be sent`);
    this.#dropped = 0;
    this.#open.add(span);
    if (this.#open.length >= this.#batchSize) this.#close();
    this.#plan();
  }

  /** Sends what is waiting. Rejects when some of it could not be sent. */
  async forceFlush(): Promise<void> {
    this.#close();
    this.#waiting = 0;
    await Promise.all([this.#underWay, ...this.#full.splice(0).map((batch) => this.#send(batch))]);
  }

  shutdown(): Promise<void> {
    this.#stopping ??= this.forceFlush().finally(() => this.#sender.shutdown());
    return this.#stopping;
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#open.length === 0) return;
    this.#waiting += this.#open.length;
    this.#full.push(this.#open.take());
  }

  #plan(): void {
    if (this.#isSending) return;
    if (this.#full.length > 0) this.#underWay = this.#sendFull();
    else if (this.#open.length > 0 && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#close();
        this.#plan();
      }, this.#limits.scheduledDelayMillis).unref();
    }
  }

  async #sendFull(): Promise<void> {
    this.#isSending = true;
    for (let batch = this.#full.shift(); batch !== undefined; batch = this.#full.shift()) {
      this.#waiting -= batch.length;
      await this.#send(batch).catch(globalErrorHandler);
    }
    this.#isSending = false;
    this.#plan();
  }

  async #send({ length, bytes }: WrittenSpans): Promise<void> {
    if (this.#resource.asyncAttributesPending === true) await this.#resource.waitForAsyncAttributes?.();
    const body = traceRequest(this.#resource, bytes);
    await new Promise<void>((sent, failed) => {
      const late = setTimeout(failed, this.#limits.exportTimeoutMillis, new Error("Timeout")).unref();
      const done = ({ code, error }: ExportResult) => {
        clearTimeout(late);
        if (code === ExportResultCode.SUCCESS) sent();
        else failed(error ?? new Error("the spans could not be sent"));
      };
      // Sending is nobody's trace.
      context.with(suppressTracing(context.active()), () => this.#sender.export({ length, body }, done));
    });
  }
}
