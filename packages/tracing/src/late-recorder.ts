import type { Span } from "@opentelemetry/api";
import type { LateRecorder, LateSpan } from "./late-span.ts";

/** Late spans a second, at most: an outage must not turn a 1 % sample into 100 %. */
const LATE_SPANS_PER_SECOND = 50;
/** Beside those: a flood that is sent away must not take the place of what is broken. */
const SENT_AWAY_PER_SECOND = 10;

/**
 * Records failures of spans that were sampled out. Their trace then holds what failed and nothing else: no sibling that
 * went well, no attribute set while it ran, and of other services only what failed there too.
 */
export function lateRecorderOn(tracer: { startLate(late: LateSpan): Span }): LateRecorder {
  const mayFail = atMost(LATE_SPANS_PER_SECOND);
  const maySendAway = atMost(SENT_AWAY_PER_SECOND);
  return (late) => {
    if (late.sentAway === true ? !maySendAway() : !mayFail()) return;
    const span = tracer.startLate({ ...late, attributes: { ...late.attributes, "sampling.late": true } });
    late.describe(span);
    span.end(performance.now());
  };
}

function atMost(aSecond: number): () => boolean {
  let second = 0;
  let made = 0;
  return () => {
    const now = performance.now();
    if (now - second >= 1_000) {
      second = now;
      made = 0;
    }
    made += 1;
    return made <= aSecond;
  };
}
