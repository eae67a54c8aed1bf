/**
 * Age ratings of films: the Russian classes 0+, 6+, 12+, 16+ and 18+ (Federal Law 436-FZ, articles 6-10). Our sources
 * rate by the MPA instead; docs/decisions/0007-age-ratings.md gives the reason for each line of the mapping.
 */
export const AGE_RATINGS = [0, 6, 12, 16, 18] as const;

export type AgeRating = (typeof AGE_RATINGS)[number];

/** Nobody has examined it, so nobody under age sees it until somebody has. */
export const UNEXAMINED: AgeRating = 18;

const BY_MPAA: ReadonlyMap<string, AgeRating> = new Map([
  ["G", 0],
  ["PG", 6],
  ["PG-13", 12],
  ["R", 16],
  ["NC-17", 18],
]);

/** The class for an MPA rating; whatever is not one of the five ("Not Rated", "Open", nothing) is `UNEXAMINED`. */
export function ageRatingOf(mpaa: string | undefined): AgeRating {
  return (mpaa === undefined ? undefined : BY_MPAA.get(mpaa)) ?? UNEXAMINED;
}

/** The rating as it is kept: only one that says something. */
export function knownMpaa(rating: string | null): string | undefined {
  return rating !== null && BY_MPAA.has(rating) ? rating : undefined;
}
