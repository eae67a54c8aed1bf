import type { JaegerSpan, JaegerTrace } from "./jaeger.ts";

/** A trace as an indented tree, children by start: service, name, duration, and the attributes asked for. */
export function renderTrace(trace: JaegerTrace, attributes: readonly string[] = []): string {
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
  const line = (span: JaegerSpan, indent: string): string[] => {
    const service = trace.processes[span.processID]?.serviceName ?? "?";
    const told = span.tags
      .filter((tag) => attributes.includes(tag.key))
      .map((tag) => ` ${tag.key}=${String(tag.value)}`);
    const own = `${indent}${service}  ${span.operationName}  ${(span.duration / 1_000).toFixed(1)} ms${told.join("")}`;
    return [own, ...(children.get(span.spanID) ?? []).flatMap((child) => line(child, `${indent}  `))];
  };
  return (children.get(undefined) ?? []).flatMap((span) => line(span, "")).join("\n");
}
