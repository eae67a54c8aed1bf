import { distinctGenres, type FilmRecord, type Place } from "./film-record.ts";

/** A film that is kept, or is about to be. */
export interface PlannedFilm {
  /** Undefined until the database gives it one. */
  readonly id: number | undefined;
  readonly folded: string;
  readonly before: FilmRecord | undefined;
  record: FilmRecord;
  /** Where the file that is being read told of it first. */
  told?: Place | undefined;
}

/**
 * Finds the film that a record is about among those of the same title and year. A record with a
 * reference is the film of that reference, else the film that has none yet (and so learns it); a record
 * without one is the first. Undefined: a film we do not know.
 */
export function filmOf(record: FilmRecord, namesakes: readonly PlannedFilm[]): PlannedFilm | undefined {
  if (record.reference === "") return namesakes[0];
  return (
    namesakes.find((film) => film.record.reference === record.reference) ??
    namesakes.find((film) => film.record.reference === "")
  );
}

/** What the newer record says holds; what it does not say stays as it was. */
export function merge(known: FilmRecord, said: FilmRecord): FilmRecord {
  return {
    title: said.title,
    year: known.year,
    reference: said.reference === "" ? known.reference : said.reference,
    releasedOn: said.releasedOn ?? known.releasedOn,
    mpaa: said.mpaa ?? known.mpaa,
    runtime: said.runtime ?? known.runtime,
    rating: said.rating ?? known.rating,
    votes: said.votes ?? known.votes,
    description: said.description ?? known.description,
    posterUrl: said.posterUrl ?? known.posterUrl,
    genres: sorted(said.genres.length === 0 ? known.genres : said.genres),
    directors: said.directors.length === 0 ? known.directors : said.directors,
    actors: said.actors.length === 0 ? known.actors : said.actors,
  };
}

/** Whether two tell the same; used to leave alone what an import would not change. */
export function sameFilm(one: FilmRecord, other: FilmRecord): boolean {
  return JSON.stringify(merge(one, one)) === JSON.stringify(merge(other, other));
}

function sorted(genres: FilmRecord["genres"]): FilmRecord["genres"] {
  return distinctGenres(genres).toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
}
