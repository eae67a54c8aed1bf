import { type Database, statement } from "@kinopass/postgres";
import type { Genre } from "../genres/genres.ts";
import type { AgeRating } from "../ratings/ratings.ts";
import { type FilmListQuery, filmListStatement } from "./list-statement.ts";

export type { FilmListQuery } from "./list-statement.ts";

export type Access = "free" | "subscriber";

export interface CardRow {
  readonly id: number;
  readonly title: string;
  readonly year: number;
  readonly age_rating: AgeRating;
  readonly access: Access;
  /** Tenths. */
  readonly rating: number | null;
  readonly runtime: number | null;
  readonly poster_url: string | null;
  readonly genres: readonly Genre[];
}

export interface ListedRow extends CardRow {
  /** By relevance only; else 0. */
  readonly score: number;
}

export interface PersonRow {
  readonly id: number;
  readonly name: string;
}

export interface FilmRow extends CardRow {
  readonly version: number;
  readonly released_on: string | null;
  readonly mpaa: string | null;
  readonly votes: number | null;
  readonly description: string | null;
  readonly reference: string;
  readonly directors: readonly PersonRow[];
  readonly actors: readonly PersonRow[];
}

export async function listFilms(db: Database, query: FilmListQuery): Promise<readonly ListedRow[]> {
  return (await db.run<ListedRow>(filmListStatement(query))).rows;
}

const people = (part: string) =>
  `(select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by fp.position), '[]')
      from catalog.film_people fp join catalog.persons p on p.id = fp.person_id
     where fp.film_id = f.id and fp.part = '${part}')`;

/** The whole page of a film in one statement. */
export const findFilm = statement<FilmRow>(
  "films.find",
  `select f.id, f.title, f.year, f.age_rating, f.access, f.rating, f.runtime, f.poster_url, f.version,
          f.released_on::text, f.mpaa, f.votes, f.description, f.reference,
          (select coalesce(json_agg(json_build_object('slug', g.slug, 'name_en', g.name_en, 'name_ru', g.name_ru)
                                    order by g.slug), '[]')
             from catalog.film_genres fg join catalog.genres g on g.id = fg.genre_id where fg.film_id = f.id) as genres,
          ${people("director")} as directors,
          ${people("actor")} as actors
     from catalog.films f where f.id = $1`,
);

/** The little that decides about playback. */
export const findPlayable = statement<Pick<FilmRow, "id" | "title" | "age_rating" | "access" | "runtime">>(
  "films.find_playable",
  "select id, title, age_rating, access, runtime from catalog.films where id = $1",
);
