import type { TestContext } from "node:test";
import { type Environment, tracingConfig } from "../config.ts";
import { type RunningTracing, startTracing } from "../sdk.ts";
import type { LogLine } from "../watched-exporter.ts";
import { type DecodedSpan, type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";

export interface TracingUnderTest {
  readonly receiver: OtlpReceiver;
  readonly running: RunningTracing;
  readonly lines: readonly LogLine[];
  /** Flushes and gives every span received since the last call. */
  collect(): Promise<readonly DecodedSpan[]>;
}

/** The real SDK of this process, sending to a receiver of ours until the test is over. One at a time a process. */
export async function traceToReceiver(
  t: TestContext,
  variables: Environment = {},
): Promise<TracingUnderTest> {
  const grpc = variables["OTEL_EXPORTER_OTLP_PROTOCOL"] === "grpc";
  const receiver = await startOtlpReceiver(grpc ? "grpc" : "http/protobuf");
  const config = tracingConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_NODE_RESOURCE_DETECTORS: "none",
    ...variables,
  });
  if (config === undefined) throw new Error("these variables leave tracing off");
  const lines: LogLine[] = [];
  const running = await startTracing(config, (line) => lines.push(line));
  t.after(async () => {
    await running.shutdown(1_000);
    await receiver.close();
  });
  let seen = 0;
  return {
    receiver,
    running,
    lines,
    async collect() {
      await running.flush();
      const fresh = receiver.spans.slice(seen);
      seen = receiver.spans.length;
      return fresh;
    },
  };
}

/** The one span of that name. */
export function spanNamed(spans: readonly DecodedSpan[], name: string): DecodedSpan {
  const found = spans.filter((span) => span.name === name);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(
      `${found.length} spans named ${name} among: ${spans.map((span) => span.name).join(", ")}`,
    );
  }
  return only;
}
