import { TraceFlags } from "@opentelemetry/api";
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
  const bound = ratio === 1 ? 2 ** 32 : Math.floor(ratio * (2 ** 32 - 1));
  return (_parent, traceId) => numberOf(traceId) < bound;
}

/**
 * Where a trace stands among all, from 0 to 2^32: its four words over one another, as the SDK does it, so that services
 * which ask the same ratio of one trace answer alike. It is asked of every request, and ids that are made or read here
 * need not be looked through again as the SDK does.
 */
function numberOf(traceId: string): number {
  let words = 0;
  for (let from = 0; from < 32; from += 8) {
    let word = 0;
    for (let at = from; at < from + 8; at += 1) {
      const code = traceId.charCodeAt(at);
      word = (word << 4) | (code < 0x3a ? code - 0x30 : code - 0x57);
    }
    words ^= word;
  }
  return words >>> 0;
}
