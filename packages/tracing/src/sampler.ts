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
  const highest = Math.floor(bound / 2 ** 24);
  return (_parent, traceId) => {
    const byte = byteOf(traceId, 0);
    return byte === highest ? placeOf(traceId) < bound : byte < highest;
  };
}

/**
 * Where a trace stands among all, from 0 to 2^32: its four words over one another, as the SDK does it, so that services
 * which ask the same ratio of one trace answer alike.
 */
function placeOf(traceId: string): number {
  let place = 0;
  for (let at = 0; at < 8; at += 2) place = place * 256 + byteOf(traceId, at);
  return place;
}

/** One byte of the place, by where its digits stand in each word. The highest decides nearly always, and this is asked of every request. */
function byteOf(traceId: string, at: number): number {
  return (
    hexByte(traceId, at) ^ hexByte(traceId, at + 8) ^ hexByte(traceId, at + 16) ^ hexByte(traceId, at + 24)
  );
}

/** Of lower-case digits alone: ids that are made or read here need not be looked through again as the SDK does. */
function hexByte(traceId: string, at: number): number {
  return (digit(traceId.charCodeAt(at)) << 4) | digit(traceId.charCodeAt(at + 1));
}

function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
