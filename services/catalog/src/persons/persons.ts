import { type Page, pageFrom, refusals } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Cursors } from "../cursors/cursors.ts";
import { EXACT, FORGIVING, type Mode, type Search } from "../search/search.ts";
import * as queries from "./queries.ts";

export const refuse = refusals({
  person_not_found: { status: 404, title: { en: "There is no such person", ru: "Такого человека нет" } },
});

export interface PersonSearch {
  readonly query?: string;
  readonly pageSize: number;
  readonly cursor?: string;
}

type PersonPage = Page<queries.PersonRow>;

export class Persons {
  readonly #db: Database;
  readonly #cursors: Cursors;
  readonly #search: Search;

  constructor({ db, cursors, search }: { db: Database; cursors: Cursors; search: Search }) {
    this.#db = db;
    this.#cursors = cursors;
    this.#search = search;
  }

  /** By name, or the likest first where there is a query. @throws cursor_invalid */
  @trace("persons.list")
  async list(search: PersonSearch): Promise<PersonPage> {
    const { query, pageSize } = search;
    return query === undefined
      ? await this.#byName(search)
      : await this.#found(query, pageSize, search.cursor);
  }

  async #byName({ pageSize, cursor }: PersonSearch): Promise<PersonPage> {
    const list = ["persons"];
    const [after] = cursor === undefined ? [] : this.#cursors.read(list, cursor);
    const { rows } =
      after === undefined
        ? await queries.firstPersons(this.#db, pageSize + 1)
        : await queries.personsAfter(this.#db, after, pageSize + 1);
    return this.#page(list, rows, pageSize, ({ id }) => [id]);
  }

  async #found(query: string, pageSize: number, cursor: string | undefined): Promise<PersonPage> {
    const list = ["persons", query];
    const [asked, score = null, id = null] = cursor === undefined ? [] : this.#cursors.read(list, cursor);
    const find = async (mode: Mode) => {
      const terms = await this.#search.terms(query, mode);
      if (terms === undefined) return [];
      return (await queries.findPersons(this.#db, terms.folded, terms.tsquery, score, id, pageSize + 1)).rows;
    };
    const mode = (asked as Mode | undefined) ?? EXACT;
    const rows = await find(mode);
    const place = (used: Mode) => (row: queries.FoundPersonRow) => [used, row.score, row.id];
    if (rows.length > 0 || asked !== undefined) return this.#page(list, rows, pageSize, place(mode));
    return this.#page(list, await find(FORGIVING), pageSize, place(FORGIVING));
  }

  #page<Row extends queries.PersonRow>(
    list: readonly unknown[],
    rows: readonly Row[],
    pageSize: number,
    placeOf: (last: Row) => readonly number[],
  ): PersonPage {
    return pageFrom(rows, pageSize, (last) => this.#cursors.issue(list, placeOf(last)));
  }

  /** @throws person_not_found */
  @trace("persons.find")
  async find(id: number) {
    const [person] = (await queries.findPerson(this.#db, id)).rows;
    if (person === undefined) throw refuse.person_not_found();
    return person;
  }
}
