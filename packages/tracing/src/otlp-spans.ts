import { type Attributes, diag, type Link, type SpanContext } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { TimedEvent } from "@opentelemetry/sdk-trace";
import { ProtobufWriter } from "./protobuf-writer.ts";
import type { RecordedSpan } from "./recorded-span.ts";

// The numbers are those of opentelemetry-proto's trace/v1, common/v1 and resource/v1; what has its default is left out.

const PARENT_IS_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;

/** Some spans as the ScopeSpans of an ExportTraceServiceRequest, without what they have in common. */
export interface WrittenSpans {
  readonly length: number;
  readonly bytes: Buffer;
}

/** Written in one go: at 1 % the code that writes is out of the processor's caches whenever a span ends. */
const WRITTEN_TOGETHER = 16;

/**
 * Writes spans down soon after they end, some at a time, so that a span is gone nearly as soon as its request is. Kept until
 * a batch is sent, hundreds of spans with all they hold outlive the young generation, and moving them costs more than
 * making them did.
 */
export class SpanScribe {
  readonly #writer = new ProtobufWriter();
  readonly #ended: RecordedSpan[] = [];
  #scope: InstrumentationScope | undefined;
  #scopeBegan = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(span: RecordedSpan): void {
    this.#length += 1;
    if (this.#ended.push(span) >= WRITTEN_TOGETHER) this.#write();
  }

  /** What was added since the last time. */
  take(): WrittenSpans {
    this.#write();
    this.#finish();
    const length = this.#length;
    this.#length = 0;
    return { length, bytes: this.#writer.take() };
  }

  #write(): void {
    for (const span of this.#ended.splice(0)) {
      if (span.instrumentationScope !== this.#scope) this.#begin(span.instrumentationScope);
      const began = this.#writer.length;
      try {
        writeSpan(this.#writer, 2, span);
      } catch (error) {
        // Somebody's name that is no text, say: it costs him his span, and nobody else's.
        this.#writer.cut(began);
        this.#length -= 1;
        diag.warn(`a span could not be written and was dropped: ${String(error)}`);
      }
    }
  }

  #begin(scope: InstrumentationScope): void {
    this.#finish();
    this.#scope = scope;
    this.#scopeBegan = this.#writer.open(2);
    const began = this.#writer.open(1);
    this.#writer.text(1, scope.name);
    if (scope.version !== undefined) this.#writer.text(2, scope.version);
    this.#writer.close(began);
    if (scope.schemaUrl !== undefined) this.#writer.text(3, scope.schemaUrl);
  }

  #finish(): void {
    if (this.#scope !== undefined) this.#writer.close(this.#scopeBegan);
    this.#scope = undefined;
  }
}

/** The whole ExportTraceServiceRequest. */
export function traceRequest(resource: Resource, spans: Buffer): Buffer {
  const writer = new ProtobufWriter();
  const began = writer.open(1);
  writeAttributes(writer, 1, resource.attributes);
  writer.close(began);
  if (resource.schemaUrl !== undefined) writer.text(3, resource.schemaUrl);
  const common = writer.take();
  writer.bytes(1, Buffer.concat([common, spans]));
  return writer.take();
}

function writeSpan(writer: ProtobufWriter, field: number, span: RecordedSpan): void {
  const { parentSpanContext: parent, status } = span;
  const own = span.spanContext();
  const began = writer.open(field);
  writeIds(writer, own);
  if (parent !== undefined) writer.hex(4, parent.spanId);
  writer.text(5, span.name);
  // The API counts them from zero, for which the format has "unspecified".
  writer.whole(6, span.kind + 1);
  writer.nanoseconds(7, span.startTime);
  writer.nanoseconds(8, span.endTime);
  for (let at = 0; at < span.named.length; at += 2)
    writeAttribute(writer, 9, span.named[at] as string, span.named[at + 1]);
  writeDropped(writer, 10, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(writer, 11, event);
  writeDropped(writer, 12, span.droppedEventsCount);
  for (const link of span.links) writeLink(writer, 13, link);
  writeDropped(writer, 14, span.droppedLinksCount);
  if (status.code !== 0) {
    const stated = writer.open(15);
    if (status.message !== undefined) writer.text(2, status.message);
    writer.whole(3, status.code);
    writer.close(stated);
  }
  writer.fixed32(16, flagsOf(own.traceFlags, parent?.isRemote));
  writer.close(began);
}

function writeEvent(
  writer: ProtobufWriter,
  field: number,
  { time, name, attributes, droppedAttributesCount }: TimedEvent,
): void {
  const began = writer.open(field);
  writer.nanoseconds(1, time);
  writer.text(2, name);
  if (attributes !== undefined) writeAttributes(writer, 3, attributes);
  writeDropped(writer, 4, droppedAttributesCount);
  writer.close(began);
}

function writeLink(
  writer: ProtobufWriter,
  field: number,
  { context, attributes, droppedAttributesCount }: Link,
): void {
  const began = writer.open(field);
  writeIds(writer, context);
  if (attributes !== undefined) writeAttributes(writer, 4, attributes);
  writeDropped(writer, 5, droppedAttributesCount);
  writer.fixed32(6, flagsOf(context.traceFlags, context.isRemote));
  writer.close(began);
}

function writeIds(writer: ProtobufWriter, { traceId, spanId, traceState }: SpanContext): void {
  writer.hex(1, traceId);
  writer.hex(2, spanId);
  if (traceState !== undefined) writer.text(3, traceState.serialize());
}

function writeDropped(writer: ProtobufWriter, field: number, dropped: number | undefined): void {
  if (dropped !== undefined && dropped > 0) writer.whole(field, dropped);
}

function flagsOf(traceFlags: number, isRemote: boolean | undefined): number {
  return (traceFlags & 0xff) | PARENT_IS_KNOWN | (isRemote === true ? PARENT_IS_REMOTE : 0);
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const key of Object.keys(attributes)) writeAttribute(writer, field, key, attributes[key]);
}

function writeAttribute(writer: ProtobufWriter, field: number, key: string, value: unknown): void {
  const began = writer.open(field);
  writer.text(1, key);
  writeValue(writer, 2, value);
  writer.close(began);
}

function writeValue(writer: ProtobufWriter, field: number, value: unknown): void {
  const began = writer.open(field);
  if (typeof value === "string") writer.text(1, value);
  else if (typeof value === "boolean") writer.whole(2, value ? 1 : 0);
  else if (typeof value === "number") writeNumber(writer, value);
  else if (value instanceof Uint8Array) writer.bytes(7, value);
  else if (Array.isArray(value)) {
    const list = writer.open(5);
    for (const item of value) writeValue(writer, 1, item);
    writer.close(list);
  } else if (typeof value === "object" && value !== null) {
    const map = writer.open(6);
    writeAttributes(writer, 1, value as Attributes);
    writer.close(map);
  }
  writer.close(began);
}

function writeNumber(writer: ProtobufWriter, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) writer.whole(3, value);
  else writer.double(4, value);
}
