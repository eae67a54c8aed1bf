import type { JaegerSpan, JaegerTrace } from "./jaeger.ts";

/** A span at its place in the tree of its trace. */
export interface PlacedSpan {
  readonly span: JaegerSpan;
  readonly service: string;
  /** 0 at the top. */
  readonly depth: number;
}

/** The spans of a trace from the top down, children by start. */
export function placeSpans(trace: JaegerTrace): readonly PlacedSpan[] {
  const parentOf = (span: JaegerSpan) =>
    span.references.find(
      (reference) => reference.refType === "CHILD_OF" && reference.traceID === span.traceID,
    )?.spanID;
  const ids = new Set(trace.spans.map((span) => span.spanID));
  const children = Map.groupBy(
    [...trace.spans].sort((a, b) => a.startTime - b.startTime),
    // A parent that was sampled out or has not arrived leaves its children at the top.
    (span) => (ids.has(parentOf(span) ?? "") ? parentOf(span) : undefined),
  );
  const place = (span: JaegerSpan, depth: number): PlacedSpan[] => {
    const service = trace.processes[span.processID]?.serviceName ?? "?";
    const below = (children.get(span.spanID) ?? []).flatMap((child) => place(child, depth + 1));
    return [{ span, service, depth }, ...below];
  };
  return (children.get(undefined) ?? []).flatMap((span) => place(span, 0));
}

/** A trace as an indented tree: service, name, duration, and the attributes asked for. */
export function renderTrace(trace: JaegerTrace, attributes: readonly string[] = []): string {
  return placeSpans(trace)
    .map(({ span, service, depth }) => {
      const told = span.tags
        .filter((tag) => attributes.includes(tag.key))
        .map((tag) => ` ${tag.key}=${String(tag.value)}`);
      return `${"  ".repeat(depth)}${service}  ${span.operationName}  ${(span.duration / 1_000).toFixed(1)} ms${told.join("")}`;
    })
    .join("\n");
}
