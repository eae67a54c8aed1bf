import { ROOT_CONTEXT, TraceFlags } from "@opentelemetry/api";
import { SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";
import type { TracingConfig } from "./config.ts";
import type { Sample } from "./tracer-provider.ts";

/** The specification's samplers. The parent-based ones do as the parent did, wherever the parent was. */
export function samplerOf({ sampler: name, ratio }: Pick<TracingConfig, "sampler" | "ratio">): Sample {
  const root = rootSampler(name, ratio);
  if (!name.startsWith("parentbased_")) return root;
  return (parent, traceId) =>
    parent === undefined ? root(parent, traceId) : (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function rootSampler(name: TracingConfig["sampler"], ratio: number): Sample {
  if (name.endsWith("always_on")) return () => true;
  if (name.endsWith("always_off")) return () => false;
  // The SDK's own, so that services which ask the same ratio of one trace answer alike.
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return (_parent, traceId) =>
    sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
}
