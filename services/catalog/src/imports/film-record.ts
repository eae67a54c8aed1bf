import type { Genre } from "../genres/genres.ts";

/**
 * One film as a source tells it, in our words. Undefined and empty lists mean that the source does not
 * say, and never erase what another source said.
 */
export interface FilmRecord {
  /** Where it stands, if it came from a file. */
  readonly place?: Place | undefined;
  readonly title: string;
  readonly year: number;
  /** Tells apart films of one title and year: the article's name; empty where the source has none. */
  readonly reference: string;
  /** RFC 3339 full-date. */
  readonly releasedOn?: string | undefined;
  readonly mpaa?: string | undefined;
  /** Minutes. */
  readonly runtime?: number | undefined;
  /** Tenths of a point: 87 is 8.7 of 10. */
  readonly rating?: number | undefined;
  readonly votes?: number | undefined;
  readonly description?: string | undefined;
  readonly posterUrl?: string | undefined;
  readonly genres: readonly Genre[];
  readonly directors: readonly string[];
  readonly actors: readonly string[];
}

export interface Place {
  /** From 1, in the file's array. */
  readonly record: number;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** A record that cannot be a film; the message says why, for whoever mends the source. */
export class BadRecord extends Error {
  override readonly name = "BadRecord";
}

/** Years that a film may bear. */
export const FIRST_YEAR = 1888;

/** Announced films bear next year or the one after; a later year is a mistake, and would make every other film "old". */
export const YEARS_AHEAD = 2;

export const BOUNDS = { title: 300, name: 120, people: 200, genres: 20, description: 4000 } as const;

/** White space made plain, in one Unicode form, so that one name is one text. */
export function tidy(text: string): string {
  return text.normalize("NFC").replaceAll(/\s+/gu, " ").trim();
}

/** Each once, in order. */
export function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

export function distinctGenres(genres: readonly Genre[]): readonly Genre[] {
  return [...new Map(genres.map((genre) => [genre.slug, genre])).values()];
}
