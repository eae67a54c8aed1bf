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
     select p.id, p.name, p.films,
            (1e6 * (liked.likeness + similarity(p.folded, $1) + (p.folded = $1)::int))::int + p.films as score
       from catalog.persons_like($1) as liked join catalog.persons p on p.id = liked.person_id) as found
    where $2::int is null or (score, id) < ($2, $3::int)
    order by score desc, id desc limit $4`,
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
