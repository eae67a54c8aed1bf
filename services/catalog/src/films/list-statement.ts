import type { Statement } from "@kinopass/postgres";
import type { SearchTerms } from "../search/search.ts";
import { orderOf, type Sort } from "./sort.ts";

/** What a list of films is asked for; texts are values of the statement, never part of it. */
export interface FilmListQuery {
  readonly sort: Sort;
  /** Undefined for all films. */
  readonly terms: SearchTerms | undefined;
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
  const terms = query.terms && {
    folded: value(query.terms.folded, "text"),
    tsquery: value(query.terms.tsquery, "tsquery"),
  };
  const conditions = [
    ...(query.genre === undefined ? [] : [ofGenre(value(query.genre, "text"))]),
    ...(query.person === undefined ? [] : [ofPerson(value(query.person, "int"))]),
  ];
  if (terms !== undefined) conditions.push(hasWords(terms));
  const { from, order, key } = query.sort === "relevance" ? byScore(terms) : byColumn(query.sort);
  if (query.after !== undefined) conditions.push(key(query.after.map((part) => value(part, "int"))));
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  return {
    name: nameOf(query),
    values,
    text: `select ${CARD} from (select f.* from ${from} ${where} order by ${order}
                                  limit ${value(query.limit, "int")}) f order by ${order}`,
  };
}

/** The genres of a card come with it: one statement a page. */
const CARD = `f.id, f.title, f.year, f.age_rating, f.access, f.rating, f.runtime, f.poster_url, f.score,
  (select coalesce(json_agg(json_build_object('slug', g.slug, 'name_en', g.name_en, 'name_ru', g.name_ru)
                            order by g.slug), '[]')
     from catalog.film_genres fg join catalog.genres g on g.id = fg.genre_id where fg.film_id = f.id) as genres`;

/** Titles and names as they are written, descriptions by their stems too. */
function hasWords({ folded, tsquery }: SearchTerms): string {
  return `f.search @@ (${tsquery} || plainto_tsquery('english', ${folded}))`;
}

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

/**
 * Where the words stand (title, names, description; joined neighbours find, but weigh nothing), how much of the title they are, and how many have
 * seen the film. A whole number, so that a cursor can carry it exactly.
 */
function byScore(terms: SearchTerms | undefined): Ordering {
  if (terms === undefined) throw new Error("Relevance needs words");
  const { folded, tsquery } = terms;
  const score = `(1e6 * (ts_rank('{0, 0.2, 0.4, 1}', search, ${tsquery} || plainto_tsquery('english', ${folded}))
      + (folded = ${folded})::int
      + 0.5 * (position(' ' || ${folded} || ' ' in ' ' || folded || ' ') > 0)::int
      + 0.3 * least(1, char_length(${folded})::float8 / char_length(folded))
      + 0.02 * ln(1 + coalesce(votes, 0))))::int`;
  return {
    from: `(select *, ${score} as score from catalog.films) f`,
    order: "f.score desc, f.id desc",
    key: ([score, id]) => `(f.score, f.id) < (${score}, ${id})`,
  };
}

function byColumn(sort: Exclude<Sort, "relevance">): Ordering {
  const { column, direction } = orderOf(sort);
  return {
    from: `(select *, ${column} as sort_key, 0 as score from catalog.films) f`,
    order: `f.sort_key ${direction}, f.id ${direction}`,
    // The film itself knows its key: a title would be too long for a cursor.
    key: ([id]) =>
      `(f.sort_key, f.id) ${direction === "asc" ? ">" : "<"}
       ((select ${column} from catalog.films where id = ${id}), ${id})`,
  };
}

function nameOf({ sort, terms, genre, person, after }: FilmListQuery): string {
  const parts = [terms && "words", genre && "genre", person && "person", after && "after"];
  return ["films.list", sort, ...parts.filter((part) => part !== undefined)].join(".");
}
