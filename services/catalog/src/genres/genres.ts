import type { Language } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Genre } from "./genre-names.ts";
import { allGenres, type CountedGenre } from "./queries.ts";

export { type Genre, genresCalled } from "./genre-names.ts";

/** A genre as an answer shows it. */
export interface NamedGenre {
  readonly slug: string;
  readonly name: string;
}

export function namedGenre({ slug, ...names }: Genre, language: Language): NamedGenre {
  return { slug, name: names[`name_${language}`] };
}

export class Genres {
  readonly #db: Database;

  constructor({ db }: { db: Database }) {
    this.#db = db;
  }

  @trace("genres.all")
  async all(): Promise<readonly CountedGenre[]> {
    return (await allGenres(this.#db)).rows;
  }
}
