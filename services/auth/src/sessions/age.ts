import type { AgeCeiling } from "../tokens/access-tokens.ts";

/** Whoever did not say when they were born is shown what a twelve-year-old may watch. */
export const CEILING_OF_UNKNOWN_AGE: AgeCeiling = 12;

const CEILINGS: readonly AgeCeiling[] = [18, 16, 12, 6];

/**
 * The highest rating somebody born on `birthDate` (YYYY-MM-DD) may watch today. Days are counted in
 * UTC+3, where most viewers live; a person of 29 February has the birthday on 1 March in common years.
 */
export function ageCeilingOf(birthDate: string | null, now: Date): AgeCeiling {
  if (birthDate === null) return CEILING_OF_UNKNOWN_AGE;
  const age = ageOf(birthDate, now);
  return CEILINGS.find((ceiling) => age >= ceiling) ?? 0;
}

export function ageOf(birthDate: string, now: Date): number {
  const [year = 0, month = 1, day = 1] = birthDate.split("-").map(Number);
  const today = new Date(now.getTime() + 3 * 60 * 60 * 1000);
  const hadBirthday =
    today.getUTCMonth() + 1 > month || (today.getUTCMonth() + 1 === month && today.getUTCDate() >= day);
  return today.getUTCFullYear() - year - (hadBirthday ? 0 : 1);
}
