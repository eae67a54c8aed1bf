import { refusals } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Cursors, Place } from "../cursors/cursors.ts";
import { fold } from "../text/fold.ts";
import * as queries from "./queries.ts";

export const refuse = refusals({
  person_not_found: { status: 404, title: { en: "There is no such person", ru: "Такого человека нет" } },
});

export interface PersonSearch {
  readonly query?: string;
  readonly pageSize: number;
  readonly cursor?: string;
}

export interface PersonPage {
  readonly items: readonly queries.PersonRow[];
  readonly nextCursor: string | null;
}

type FoundOrListed = queries.PersonRow & { readonly score?: number };

export class Persons {
  readonly #db: Database;
  readonly #cursors: Cursors;

  constructor({ db, cursors }: { db: Database; cursors: Cursors }) {
    this.#db = db;
    this.#cursors = cursors;
  }

  /** By name, or the likest first where there is a query. @throws cursor_invalid */
  @trace("persons.list")
  async list({ query, pageSize, cursor }: PersonSearch): Promise<PersonPage> {
    const words = query === undefined ? undefined : fold(query);
    const list = ["persons", words ?? null];
    const after = cursor === undefined ? undefined : this.#cursors.read(list, cursor);
    if (words === "") return { items: [], nextCursor: null };
    const rows = await this.#rows(words, after, pageSize + 1);
    const items = rows.slice(0, pageSize);
    const last = items.at(-1);
    if (rows.length <= pageSize || last === undefined) return { items, nextCursor: null };
    const place = last.score === undefined ? [last.id] : [last.score, last.id];
    return { items, nextCursor: this.#cursors.issue(list, place) };
  }

  async #rows(
    words: string | undefined,
    after: Place | undefined,
    limit: number,
  ): Promise<readonly FoundOrListed[]> {
    if (words !== undefined) {
      const [score = null, id = null] = after ?? [];
      return (await queries.findPersons(this.#db, words, score, id, limit)).rows;
    }
    if (after === undefined) return (await queries.firstPersons(this.#db, limit)).rows;
    return (await queries.personsAfter(this.#db, after[0], limit)).rows;
  }

  /** @throws person_not_found */
  @trace("persons.find")
  async find(id: number) {
    const [person] = (await queries.findPerson(this.#db, id)).rows;
    if (person === undefined) throw refuse.person_not_found();
    return person;
  }
}
