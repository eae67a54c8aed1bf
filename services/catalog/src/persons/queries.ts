import { statement } from "@kinopass/postgres";

export interface PersonRow {
  readonly id: number;
  readonly name: string;
  readonly films: number;
}

export interface FoundPersonRow extends PersonRow {
  readonly score: number;
}

export interface PersonFilmRow {
  readonly id: number;
  readonly title: string;
  readonly year: number;
  readonly parts: readonly ("director" | "actor")[];
}

export const firstPersons = statement<PersonRow>(
  "persons.first",
  "select id, name, films from catalog.persons order by folded, id limit $1",
);

/** The person that ended the page before knows its own key: names may be too long for a cursor. */
export const personsAfter = statement<PersonRow>(
  "persons.after",
  `select id, name, films from catalog.persons
    where (folded, id) > ((select folded from catalog.persons where id = $1), $1)
    order by folded, id limit $2`,
);

/** A whole number as score, so that a cursor can carry it; who has made more films comes before a namesake. */
export const findPersons = statement<FoundPersonRow>(
  "persons.search",
  `select * from (
     select id, name, films,
            (1e6 * ((folded = $1)::int + least(1, char_length($1)::float8 / char_length(folded))))::int
              + least(films, 1000) as score
       from catalog.persons where search @@ $2::tsquery) as found
    where $3::int is null or (score, id) < ($3, $4::int)
    order by score desc, id desc limit $5`,
);

/** The person and the newest films, in one statement. */
export const findPerson = statement<PersonRow & { readonly filmography: readonly PersonFilmRow[] }>(
  "persons.find",
  `select p.id, p.name, p.films,
          (select coalesce(json_agg(shown order by shown.year desc, shown.id desc), '[]')
             from (select f.id, f.title, f.year, json_agg(fp.part order by fp.part) as parts
                     from catalog.film_people fp join catalog.films f on f.id = fp.film_id
                    where fp.person_id = p.id
                    group by f.id order by f.year desc, f.id desc limit 100) as shown) as filmography
     from catalog.persons p where p.id = $1`,
);
