import {
  type Attributes,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from "@opentelemetry/api";
import {
  cleanAttributes,
  cleanSimpleAttributes,
  type InstrumentationScope,
  isTimeInput,
} from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { SpanLimitNumbers } from "./config.ts";
import { asHrTime, readingOf, timeOf, wallTime } from "./wall-time.ts";

/** What the spans of one tracer have in common. */
export interface SpanGround {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
  readonly limits: SpanLimitNumbers;
  /** Hears of every span that has ended. */
  readonly ended: (span: RecordedSpan) => void;
}

export interface SpanBeginning {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly attributes: Attributes | undefined;
  readonly links: readonly Link[] | undefined;
  readonly startTime: TimeInput | undefined;
}

type AttributeValue = Attributes[string];
export type AttributeList = (string | AttributeValue)[];

const NONE: never[] = [];
const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });

/**
 * A span that is kept. It does what the SDK's own does, at about a third of its cost, which is most of what a traced
 * request pays: plain values are taken as they are, times stay numbers until somebody sends them.
 */
export class RecordedSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  /** Names and values in turn: most spans are written down once and never asked for an object. */
  readonly named: AttributeList = [];
  // Few spans have any.
  links: Link[] = NONE;
  events: ReadableSpan["events"] = NONE;
  status: SpanStatus = UNSET;
  ended = false;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  readonly #ground: SpanGround;
  readonly #spanContext: SpanContext;
  /** Milliseconds since 1970. */
  readonly #begin: number;
  /** The same moment by performance.now(), NaN where only the wall clock's is known. */
  readonly #beginReading: number;
  #end = 0;

  constructor(ground: SpanGround, beginning: SpanBeginning) {
    this.#ground = ground;
    this.name = beginning.name;
    this.kind = beginning.kind;
    this.#spanContext = beginning.spanContext;
    if (beginning.parent !== undefined) this.parentSpanContext = beginning.parent;
    this.#beginReading = readingOf(beginning.startTime);
    this.#begin = Number.isNaN(this.#beginReading)
      ? timeOf(beginning.startTime)
      : wallTime(this.#beginReading);
    if (beginning.attributes !== undefined) this.setAttributes(beginning.attributes);
    if (beginning.links !== undefined) this.addLinks(beginning.links);
  }

  get resource(): Resource {
    return this.#ground.resource;
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#ground.scope;
  }

  get startTime(): HrTime {
    return asHrTime(this.#begin);
  }

  get endTime(): HrTime {
    return asHrTime(this.#end);
  }

  get duration(): HrTime {
    return asHrTime(this.#end - this.#begin);
  }

  spanContext(): SpanContext {
    return this.#spanContext;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  get attributes(): Attributes {
    const attributes: Attributes = {};
    for (let at = 0; at < this.named.length; at += 2)
      attributes[this.named[at] as string] = this.named[at + 1] as AttributeValue;
    return attributes;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.ended || value === undefined) return this;
    const { attributeCountLimit, attributeValueLengthLimit } = this.#ground.limits;
    const place = this.#placeOf(key);
    if (key === "" || place >= attributeCountLimit * 2) {
      this.droppedAttributesCount += 1;
      return this;
    }
    const kept = keep(value, attributeValueLengthLimit);
    if (kept === undefined) this.droppedAttributesCount += 1;
    else if (place < this.named.length) this.named[place + 1] = kept;
    else this.named.push(key, kept);
    return this;
  }

  /** Where the attribute stands, or where a new one would. */
  #placeOf(key: string): number {
    const { named } = this;
    let place = 0;
    while (place < named.length && named[place] !== key) place += 2;
    return place;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.ended) return this;
    const { eventCountLimit, attributePerEventCountLimit, attributeValueLengthLimit } = this.#ground.limits;
    if (this.events.length >= eventCountLimit) {
      this.droppedEventsCount += 1;
      return this;
    }
    const [attributes, at] = isTimeInput(attributesOrTime)
      ? [undefined, time ?? attributesOrTime]
      : [attributesOrTime as Attributes | undefined, time];
    const limits = { attributeCountLimit: attributePerEventCountLimit, attributeValueLengthLimit };
    const event = { name, time: asHrTime(this.#timeOf(at)), ...cleanSimpleAttributes(attributes, limits) };
    this.events = [...this.events, event];
    return this;
  }

  addLink({ context, attributes }: Link): this {
    if (this.ended) return this;
    const { linkCountLimit, attributePerLinkCountLimit, attributeValueLengthLimit } = this.#ground.limits;
    if (this.links.length >= linkCountLimit) {
      this.droppedLinksCount += 1;
      return this;
    }
    const limits = { attributeCountLimit: attributePerLinkCountLimit, attributeValueLengthLimit };
    this.links = [...this.links, { context, ...cleanAttributes(attributes, limits) }];
    return this;
  }

  addLinks(links: readonly Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    // Once it is said to be well, it stays so; and nobody takes a status back (specification, "Set Status").
    if (this.ended || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this;
    this.status = code === SpanStatusCode.ERROR && message !== undefined ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { name, message, stack } =
      typeof exception === "string" ? { message: exception } : asError(exception);
    const attributes = {
      "exception.type": name,
      "exception.message": message,
      "exception.stacktrace": stack,
    };
    this.addEvent("exception", attributes, time);
  }

  end(time?: TimeInput): void {
    if (this.ended) return;
    this.#end = Math.max(this.#begin, this.#timeOf(time));
    this.ended = true;
    this.#ground.ended(this);
  }

  /** Counted from the beginning by the clock that never jumps: whoever sets the other one makes no span longer or shorter. */
  #timeOf(time: TimeInput | undefined): number {
    const since = readingOf(time) - this.#beginReading;
    return Number.isNaN(since) ? timeOf(time) : this.#begin + since;
  }
}

/** Anything but a plain value is looked through, cut and copied by the SDK's own rules. */
function keep(value: AttributeValue, longest: number): AttributeValue {
  switch (typeof value) {
    case "string":
      return value.length <= longest ? value : value.slice(0, longest);
    case "number":
    case "boolean":
      return value;
    default:
      return cleanAttributes({ value }, { attributeCountLimit: 1, attributeValueLengthLimit: longest })
        .attributes?.["value"];
  }
}

function asError(exception: Exclude<Exception, string>) {
  const { code, name, message, stack } = exception as {
    code?: string | number;
    name?: string;
    message?: string;
    stack?: string;
  };
  return { name: code?.toString() ?? name, message, stack };
}
