import { CEILING_OF_UNKNOWN_AGE } from "../sessions/age.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";

/** Birth dates (YYYY-MM-DD) of everybody with one age ceiling; both ends are inside. */
export interface BirthDates {
  readonly from: string;
  readonly to: string;
  /** People who never said when they were born count in too. */
  readonly unknown: boolean;
}

/** The ceilings from above, each with the one above it. */
const ABOVE = { 18: undefined, 16: 18, 12: 16, 6: 12, 0: 6 } as const satisfies Record<
  AgeCeiling,
  AgeCeiling | undefined
>;

const MOSCOW_MS = 3 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Turns a ceiling into a range of birth dates, so that the search is a range of an index and is never
 * stale: nobody has to be moved on their birthday. The same calendar as `ageCeilingOf`.
 */
export function birthDatesOf(ceiling: AgeCeiling, now: Date): BirthDates {
  const above = ABOVE[ceiling];
  const today = new Date(now.getTime() + MOSCOW_MS);
  return {
    from: above === undefined ? "0001-01-01" : nextDay(lastBirthDateOfAge(above, today)),
    to: ceiling === 0 ? "9999-12-31" : lastBirthDateOfAge(ceiling, today),
    unknown: ceiling === CEILING_OF_UNKNOWN_AGE,
  };
}

/** The latest day on which somebody of that age today can have been born. */
function lastBirthDateOfAge(age: number, today: Date): string {
  const [year, month, day] = [today.getUTCFullYear() - age, today.getUTCMonth(), today.getUTCDate()];
  const exists = new Date(Date.UTC(year, month, day)).getUTCDate() === day;
  return dateOf(new Date(Date.UTC(year, month, exists ? day : day - 1)));
}

function nextDay(date: string): string {
  return dateOf(new Date(Date.parse(date) + DAY_MS));
}

function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
