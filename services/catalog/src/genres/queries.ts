import { statement } from "@kinopass/postgres";
import type { Genre } from "./genre-names.ts";

export interface CountedGenre extends Genre {
  readonly films: number;
}

/** The limit is a guard against a careless import, not a page: there are some forty. */
export const allGenres = statement<CountedGenre>(
  "genres.all",
  "select slug, name_en, name_ru, films from catalog.genres where films > 0 order by slug limit 500",
);
