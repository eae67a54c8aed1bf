import type { Attributes, Context, Link, Span, SpanKind } from "@opentelemetry/api";

/**
 * Sampling decides at the start, and an error shows at the end. A span that was sampled out and fails is therefore made
 * late: started anew with the time it really began, and sampled by force. The set-up (`sdk.ts`) puts a recorder here;
 * without one, or with somebody else's SDK, sampled-out failures stay untold.
 */
export interface LateSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly links?: readonly Link[] | undefined;
  /** The context the span would have been a child in. */
  readonly parent: Context;
  /** A reading of performance.now(), in milliseconds. */
  readonly startedAt: number;
  /** Says on the span how it failed. */
  readonly describe: (span: Span) => void;
  /** Ids already given out for it (a server span whose trace id the caller has been told). */
  readonly ids?: { readonly traceId: string; readonly spanId: string } | undefined;
  /** Somebody was sent away for want of room: nothing is broken, and thousands a second may be. */
  readonly sentAway?: boolean;
}

export type LateRecorder = (span: LateSpan) => void;

let recorder: LateRecorder | undefined;

/** For the set-up alone. */
export function setLateRecorder(next: LateRecorder | undefined): void {
  recorder = next;
}

/** Who records failures of sampled-out spans; undefined when nobody does. */
export function lateRecorder(): LateRecorder | undefined {
  return recorder;
}
