import type { Random } from "./clock.ts";

/** Full jitter (a random part of a doubling ceiling), so that instances that fell together do not return together. */
export function fullJitterMs(attempt: number, baseMs: number, capMs: number, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 20));
}

/** A period, ten per cent either way. */
export function aroundMs(periodMs: number, random: Random): number {
  return periodMs * (0.9 + 0.2 * random());
}
