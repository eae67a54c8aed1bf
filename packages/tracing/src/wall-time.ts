import type { HrTime, TimeInput } from "@opentelemetry/api";

const CHECKED_EVERY_MS = 1_000;
/** More than reading two clocks one after the other takes; less than a person or an NTP step would move one by. */
const TOLERATED_MS = 5;

/** Milliseconds since 1970 less performance.now(). */
let offset = performance.timeOrigin;
let checkedAt = Number.NEGATIVE_INFINITY;

/**
 * Milliseconds since 1970 with their fractions, for a reading of performance.now(). That clock neither jumps nor stops
 * short, but it misses what the machine slept through and every correction of the wall clock, so it is held against it.
 */
export function wallTime(reading: number): number {
  if (reading - checkedAt > CHECKED_EVERY_MS) {
    checkedAt = reading;
    // biome-ignore lint/plugin/no-ambient-clock: a span's times are the wall clock's, whatever clock a test moves
    const drift = Date.now() - (offset + performance.now());
    if (Math.abs(drift) > TOLERATED_MS) offset += drift;
  }
  return offset + reading;
}

/** The reading of performance.now() that is meant, or NaN for a time of the wall clock. */
export function readingOf(input: TimeInput | undefined): number {
  if (input === undefined) return performance.now();
  return typeof input === "number" && input <= performance.now() ? input : Number.NaN;
}

/** What the API takes for a time, as milliseconds since 1970; small numbers are readings of performance.now(). */
export function timeOf(input: TimeInput | undefined): number {
  if (input === undefined) return wallTime(performance.now());
  if (typeof input === "number") return input <= performance.now() ? wallTime(input) : input;
  return Array.isArray(input) ? input[0] * 1_000 + input[1] / 1e6 : input.getTime();
}

export function asHrTime(milliseconds: number): HrTime {
  const seconds = Math.trunc(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
}
