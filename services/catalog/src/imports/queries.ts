import { statement } from "@kinopass/postgres";

/** A film as it is kept, with its lists; the order of the columns is the order of `FilmColumns`. */
export interface KeptFilm {
  readonly id: number;
  readonly folded: string;
  readonly year: number;
  readonly reference: string;
  readonly title: string;
  readonly released_on: string | null;
  readonly mpaa: string | null;
  readonly runtime: number | null;
  readonly rating: number | null;
  readonly votes: number | null;
  readonly description: string | null;
  readonly poster_url: string | null;
  readonly genres: readonly { slug: string; name_en: string; name_ru: string }[];
  readonly directors: readonly string[];
  readonly actors: readonly string[];
}

/** One import at a time: two would both find a film missing. The lock ends with the transaction. */
export const lockImports = statement(
  "imports.lock",
  "select pg_advisory_xact_lock(hashtext('catalog.imports'))",
);

export const anyFilm = statement<{ found: boolean }>(
  "imports.any_film",
  "select exists (select from catalog.films) as found",
);

export const filmsOf = statement<KeptFilm>(
  "imports.films_of",
  `select f.id, f.folded, f.year, f.reference, f.title, f.released_on::text, f.mpaa, f.runtime, f.rating, f.votes,
          f.description, f.poster_url,
          (select coalesce(json_agg(json_build_object('slug', g.slug, 'name_en', g.name_en, 'name_ru', g.name_ru)
                                    order by g.slug), '[]')
             from catalog.film_genres fg join catalog.genres g on g.id = fg.genre_id where fg.film_id = f.id) as genres,
          array(select p.name from catalog.film_people fp join catalog.persons p on p.id = fp.person_id
                 where fp.film_id = f.id and fp.part = 'director' order by fp.position) as directors,
          array(select p.name from catalog.film_people fp join catalog.persons p on p.id = fp.person_id
                 where fp.film_id = f.id and fp.part = 'actor' order by fp.position) as actors
     from catalog.films f
     join (select distinct folded, year from unnest($1::text[], $2::int[]) as k (folded, year)) as wanted
       on wanted.folded = f.folded and wanted.year = f.year
    order by f.id`,
);

export const newFilmIds = statement<{ id: number }>(
  "imports.new_film_ids",
  `select nextval(pg_get_serial_sequence('catalog.films', 'id'))::int as id from generate_series(1, $1::int)`,
);

const COLUMNS =
  "id, folded, year, reference, title, released_on, mpaa, runtime, rating, votes, description, poster_url, age_rating";

/** Columns travel as arrays: one statement, whatever the number of films. */
const GIVEN = `unnest($1::int[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::date[], $7::text[],
            $8::smallint[], $9::smallint[], $10::int[], $11::text[], $12::text[], $13::smallint[], $14::text[],
            $15::text[])
       as given (${COLUMNS}, joined, names)`;

/**
 * Titles weigh most, then names, then the description; joined words find, but weigh nothing. Titles and
 * names keep their little words ("It", "Them"), descriptions are known by their stems.
 */
const WORDS = `setweight(to_tsvector('simple', given.folded), 'A')
            || setweight(to_tsvector('simple', given.names), 'B')
            || setweight(to_tsvector('english', coalesce(given.description, '')), 'C')
            || setweight(to_tsvector('simple', given.joined), 'D')`;

export const insertFilms = statement(
  "imports.insert_films",
  `insert into catalog.films (${COLUMNS}, search) select ${COLUMNS}, ${WORDS} from ${GIVEN}`,
);

/** What a film is found by (folded, year) stays; the reference may be learnt. */
export const updateFilms = statement(
  "imports.update_films",
  `update catalog.films f
      set reference = given.reference, title = given.title, released_on = given.released_on, mpaa = given.mpaa,
          runtime = given.runtime, rating = given.rating, votes = given.votes, description = given.description,
          poster_url = given.poster_url, age_rating = given.age_rating, search = ${WORDS},
          version = f.version + 1
     from ${GIVEN}
    where f.id = given.id`,
);

export const insertGenres = statement(
  "imports.insert_genres",
  `insert into catalog.genres (slug, name_en, name_ru)
   select slug, name_en, name_ru from unnest($1::text[], $2::text[], $3::text[]) as given (slug, name_en, name_ru)
   on conflict (slug) do nothing`,
);

export const insertPersons = statement(
  "imports.insert_persons",
  `insert into catalog.persons (name, folded, search)
   select name, folded, to_tsvector('simple', folded || ' ' || joined)
     from unnest($1::text[], $2::text[], $3::text[]) as given (name, folded, joined)
   on conflict (name) do nothing`,
);

export const forgetGenres = statement(
  "imports.forget_genres",
  "delete from catalog.film_genres where film_id = any ($1::int[])",
);

export const forgetPeople = statement(
  "imports.forget_people",
  "delete from catalog.film_people where film_id = any ($1::int[])",
);

export const linkGenres = statement(
  "imports.link_genres",
  `insert into catalog.film_genres (film_id, genre_id)
   select given.film_id, g.id
     from unnest($1::int[], $2::text[]) as given (film_id, slug) join catalog.genres g on g.slug = given.slug`,
);

export const linkPeople = statement(
  "imports.link_people",
  `insert into catalog.film_people (film_id, person_id, position, part)
   select given.film_id, p.id, given.position, given.part::catalog.part
     from unnest($1::int[], $2::text[], $3::smallint[], $4::text[]) as given (film_id, name, position, part)
     join catalog.persons p on p.name = given.name`,
);

/** The newest three years that the catalog has are for subscribers. Only films that change class are written. */
export const classifyAccess = statement(
  "imports.classify_access",
  `with newest as (select max(year) as year from catalog.films),
        classed as (select f.id, case when f.year > newest.year - 3 then 'subscriber' else 'free'
                                 end::catalog.access_class as access
                      from catalog.films f, newest)
   update catalog.films f set access = classed.access, version = f.version + 1
     from classed where classed.id = f.id and f.access <> classed.access`,
);

export const countGenres = statement(
  "imports.count_genres",
  `update catalog.genres g set films = counted.films
     from (select g2.id, count(fg.film_id)::int as films
             from catalog.genres g2 left join catalog.film_genres fg on fg.genre_id = g2.id group by g2.id) as counted
    where counted.id = g.id and counted.films <> g.films`,
);

/** A person may both direct and play in a film; it is one film. */
export const countPersons = statement(
  "imports.count_persons",
  `update catalog.persons p set films = counted.films
     from (select p2.id, count(distinct fp.film_id)::int as films
             from catalog.persons p2 left join catalog.film_people fp on fp.person_id = p2.id group by p2.id) as counted
    where counted.id = p.id and counted.films <> p.films`,
);

export const forgetUnnamed = statement(
  "imports.forget_unnamed",
  `delete from catalog.persons p
    where not exists (select from catalog.film_people fp where fp.person_id = p.id)`,
);

/** The planner learns of what has just come, rather than when autovacuum next looks. */
export const analyze = statement(
  "imports.analyze",
  "analyze catalog.films, catalog.persons, catalog.genres, catalog.film_genres, catalog.film_people, catalog.spellings",
);

/** Moves new words from the indexes' waiting lists into the indexes: a search reads the lists from end to end. */
export const settleIndexes = statement(
  "imports.settle_indexes",
  `select gin_clean_pending_list('catalog.films_by_words'), gin_clean_pending_list('catalog.persons_by_words')`,
);

export const totals = statement<{ films: number; persons: number; genres: number }>(
  "imports.totals",
  `select (select count(*) from catalog.films)::int as films, (select count(*) from catalog.persons)::int as persons,
          (select count(*) from catalog.genres where films > 0)::int as genres`,
);
