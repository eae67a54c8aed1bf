import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type LogLine, WatchedExporter } from "./watched-exporter.ts";

/** An exporter whose exports are answered by hand, in any order. */
function setUp() {
  const waiting: ((result: ExportResult) => void)[] = [];
  const lines: LogLine[] = [];
  const exporter = new WatchedExporter(
    {
      export: (_spans: ReadableSpan[], done: (result: ExportResult) => void) => waiting.push(done),
      shutdown: async () => {},
    },
    "http://jaeger",
    (line) => lines.push(line),
  );
  return {
    begin(spans: number) {
      exporter.export(Array<ReadableSpan>(spans), () => undefined);
      const done = waiting.at(-1);
      return {
        arrives: () => done?.({ code: ExportResultCode.SUCCESS }),
        fails: (error: Error) => done?.({ code: ExportResultCode.FAILED, error }),
      };
    },
    told: () => lines.splice(0).map(({ level, reason, lost_spans }) => [level, reason ?? lost_spans]),
  };
}

test("what was sent during an outage and fails after its end begins no new one, and is counted", () => {
  const { begin, told } = setUp();
  const [first, second, third] = [begin(1), begin(2), begin(4)];
  first.fails(new Error("timed out"));
  assert.deepEqual(told(), [["warn", "timed out"]]);
  third.arrives();
  assert.deepEqual(told(), [["info", 1]]);
  second.fails(new Error("timed out"));
  assert.deepEqual(told(), []);
  begin(8).fails(new Error("refused"));
  assert.deepEqual(told(), [["warn", "refused"]]);
  begin(1).arrives();
  assert.deepEqual(told(), [["info", 10]]);
});

test("a reason is a word or a message, never a bare number", () => {
  const { begin, told } = setUp();
  begin(1).fails(Object.assign(new Error("14 UNAVAILABLE: no connection"), { code: 14 }));
  begin(1).arrives();
  begin(1).fails(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
  assert.deepEqual(
    told().map(([, reason]) => reason),
    ["14 UNAVAILABLE: no connection", 1, "ECONNREFUSED"],
  );
});
