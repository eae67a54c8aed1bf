import assert from "node:assert/strict";
import { test } from "node:test";
import type { JaegerSpan, JaegerTrace } from "./jaeger.ts";
import { drawTrace } from "./trace-waterfall.ts";

const span = (spanID: string, parent: string | undefined, rest: Partial<JaegerSpan>): JaegerSpan => ({
  traceID: "t",
  spanID,
  operationName: spanID,
  references: parent === undefined ? [] : [{ refType: "CHILD_OF", traceID: "t", spanID: parent }],
  startTime: 1_000_000,
  duration: 20_000,
  tags: [],
  processID: "p1",
  ...rest,
});

const TRACE: JaegerTrace = {
  traceID: "t",
  processes: { p1: { serviceName: "site" }, p2: { serviceName: "auth" } },
  spans: [
    span("late", "root", { startTime: 1_010_000, duration: 10_000, tags: [{ key: "error", value: true }] }),
    span("early", "root", { startTime: 1_005_000, duration: 5_000, processID: "p2" }),
    span("root", undefined, {
      operationName: 'GET /<i>"x"</i>',
      tags: [{ key: "request.id", value: "r-1" }],
    }),
  ],
};

const rects = (svg: string) =>
  [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="12" rx="2" fill="(.*?)"/g)].map(
    ([, x, y, width, fill]) => ({ x: Number(x), y: Number(y), width: Number(width), fill }),
  );

test("a span has a row below its parent's, and a bar where its time was", () => {
  const [root, early, late] = rects(drawTrace(TRACE));
  assert.ok(root && early && late);
  assert.ok(root.y < early.y && early.y < late.y);
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 0.2, `${actual} is not ${expected}`);
  near(early.x - root.x, root.width / 4);
  near(early.width, root.width / 4);
  near(late.x - root.x, root.width / 2);
  near(late.x + late.width, root.x + root.width);
});

test("services have colours of their own, and what failed is red", () => {
  const [root, early, late] = rects(drawTrace(TRACE));
  assert.notEqual(root?.fill, early?.fill);
  assert.equal(late?.fill, "#dc2626");
});

test("what a span says is text, whatever it says, and the request id stands in the head", () => {
  const svg = drawTrace(TRACE);
  assert.doesNotMatch(svg, /<i>/);
  assert.match(svg, /GET \/&#60;i&#62;&#34;x&#34;&#60;\/i&#62;/);
  assert.match(svg, /20\.0 ms · 3 spans · trace t · request\.id=r-1/);
});
