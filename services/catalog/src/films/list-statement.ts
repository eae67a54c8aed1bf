import type { Statement } from "@kinopass/postgres";
import { orderOf, type Sort } from "./sort.ts";

/** What a list of films is asked for; texts are values of the statement, never part of it. */
export interface FilmListQuery {
  readonly sort: Sort;
  /** Folded words; undefined for all films. */
  readonly words: string | undefined;
  readonly genre: string | undefined;
  readonly person: number | undefined;
  /** Rows wanted. */
  readonly limit: number;
  /** Where the page before ended: [id], or [score, id] by relevance. */
  readonly after: readonly number[] | undefined;
}

/**
 * Composes the statement from fixed parts, one name for each combination: at most 7 sorts × 8 filters ×
 * 2, so a connection's prepared statements stay bounded. Pages continue by key, never by OFFSET.
 */
export function filmListStatement(query: FilmListQuery): Statement {
  const values: unknown[] = [];
  const value = (given: unknown, type: string) => `$${values.push(given)}::${type}`;
  const words = query.words === undefined ? undefined : value(query.words, "text");
  const conditions = [
    ...(query.genre === undefined ? [] : [ofGenre(value(query.genre, "text"))]),
    ...(query.person === undefined ? [] : [ofPerson(value(query.person, "int"))]),
  ];
  const found = words === undefined ? "" : `with found as (${FOUND.replaceAll("$words", words)})`;
  const { from, order, key } = query.sort === "relevance" ? byScore(words) : byColumn(query.sort, words);
  if (query.after !== undefined) conditions.push(key(query.after.map((part) => value(part, "int"))));
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  return {
    name: nameOf(query),
    values,
    text: `${found} select ${CARD} from (select f.* from ${from} ${where} order by ${order}
                                          limit ${value(query.limit, "int")}) f order by ${order}`,
  };
}

/** The genres of a card come with it: one statement a page. */
const CARD = `f.id, f.title, f.year, f.age_rating, f.access, f.rating, f.runtime, f.poster_url, f.score,
  (select coalesce(json_agg(json_build_object('slug', g.slug, 'name_en', g.name_en, 'name_ru', g.name_ru)
                            order by g.slug), '[]')
     from catalog.film_genres fg join catalog.genres g on g.id = fg.genre_id where fg.film_id = f.id) as genres`;

const TSQUERY = "(plainto_tsquery('simple', $words) || plainto_tsquery('english', $words))";

/** By words (title, names, description) or by likeness of the title, whichever finds it; both together rank higher. */
const FOUND = `select film_id, sum(likeness) as likeness
  from (select f.id as film_id, ts_rank(f.search, ${TSQUERY}) as likeness
          from catalog.films f where f.search @@ ${TSQUERY}
        union all
        select film_id, likeness from catalog.films_like($words)) as hits
 group by film_id`;

function ofGenre(slug: string): string {
  return `f.id in (select fg.film_id from catalog.film_genres fg join catalog.genres g on g.id = fg.genre_id
                    where g.slug = ${slug})`;
}

function ofPerson(id: string): string {
  return `f.id in (select fp.film_id from catalog.film_people fp where fp.person_id = ${id})`;
}

interface Ordering {
  readonly from: string;
  readonly order: string;
  /** The condition that skips what earlier pages showed. */
  key(after: readonly string[]): string;
}

/** A whole number, so that a cursor can carry it exactly. A title that is the words themselves comes first. */
function byScore(words: string | undefined): Ordering {
  if (words === undefined) throw new Error("Relevance needs words");
  const score = `(1e6 * (found.likeness + similarity(f.folded, ${words}) + (f.folded = ${words})::int))::int`;
  return {
    from: `(select f.*, ${score} as score from found join catalog.films f on f.id = found.film_id) f`,
    order: "f.score desc, f.id desc",
    key: ([score, id]) => `(f.score, f.id) < (${score}, ${id})`,
  };
}

function byColumn(sort: Exclude<Sort, "relevance">, words: string | undefined): Ordering {
  const { column, direction } = orderOf(sort);
  const chosen = words === undefined ? "" : "where id in (select film_id from found)";
  return {
    from: `(select *, ${column} as sort_key, 0 as score from catalog.films ${chosen}) f`,
    order: `f.sort_key ${direction}, f.id ${direction}`,
    // The film itself knows its key: a title would be too long for a cursor.
    key: ([id]) =>
      `(f.sort_key, f.id) ${direction === "asc" ? ">" : "<"}
       ((select ${column} from catalog.films where id = ${id}), ${id})`,
  };
}

function nameOf({ sort, words, genre, person, after }: FilmListQuery): string {
  const parts = [words && "words", genre && "genre", person && "person", after && "after"];
  return ["films.list", sort, ...parts.filter((part) => part !== undefined)].join(".");
}
