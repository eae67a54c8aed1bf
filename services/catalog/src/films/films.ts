import { type Page, pageFrom, refusals } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Cursors } from "../cursors/cursors.ts";
import { EXACT, FORGIVING, type Mode, type Search } from "../search/search.ts";
import * as queries from "./queries.ts";
import type { Sort } from "./sort.ts";

export type { Access, FilmRow, ListedRow } from "./queries.ts";

export const refuse = refusals({
  film_not_found: { status: 404, title: { en: "There is no such film", ru: "Такого фильма нет" } },
  relevance_needs_query: {
    status: 400,
    title: { en: "Sorting by relevance needs a query", ru: "Сортировка по релевантности требует запроса" },
  },
});

export interface FilmSearch {
  readonly query?: string;
  readonly genre?: string;
  readonly person?: number;
  /** By default relevance where there is a query, else the newest first. */
  readonly sort?: Sort;
  readonly pageSize: number;
  readonly cursor?: string;
}

export type PlayableFilm = Awaited<ReturnType<typeof queries.findPlayable>>["rows"][number];

export class Films {
  readonly #db: Database;
  readonly #cursors: Cursors;
  readonly #search: Search;

  constructor({ db, cursors, search }: { db: Database; cursors: Cursors; search: Search }) {
    this.#db = db;
    this.#cursors = cursors;
    this.#search = search;
  }

  /** @throws relevance_needs_query, cursor_invalid */
  @trace("films.list")
  async list(search: FilmSearch): Promise<Page<queries.ListedRow>> {
    const { query, genre, person, pageSize, cursor } = search;
    const sort = search.sort ?? (query === undefined ? "-year" : "relevance");
    if (sort === "relevance" && query === undefined) throw refuse.relevance_needs_query();
    const list = ["films", sort, query ?? null, genre ?? null, person ?? null];
    const from = cursor === undefined ? undefined : this.#cursors.read(list, cursor);
    const wanted = { sort, query, genre, person, after: from?.slice(1) };
    const found = await this.#find(wanted, from?.[0] as Mode | undefined, pageSize + 1);
    const placeOf = ({ score, id }: queries.ListedRow) =>
      sort === "relevance" ? [found.mode, score, id] : [found.mode, id];
    return pageFrom(found.rows, pageSize, (last) => this.#cursors.issue(list, placeOf(last)));
  }

  /** A later page stays in the mode of the first; the first forgives typos where nothing is found otherwise. */
  async #find(
    { query, ...wanted }: Omit<queries.FilmListQuery, "terms" | "limit"> & { query: string | undefined },
    asked: Mode | undefined,
    limit: number,
  ): Promise<{ readonly rows: readonly queries.ListedRow[]; readonly mode: Mode }> {
    const mode = asked ?? EXACT;
    if (query === undefined) {
      return { mode, rows: await queries.listFilms(this.#db, { ...wanted, limit, terms: undefined }) };
    }
    const terms = await this.#search.terms(query, mode);
    // Signs without a letter or digit find nothing, and need no database to say so.
    if (terms === undefined) return { mode, rows: [] };
    const rows = await queries.listFilms(this.#db, { ...wanted, limit, terms });
    if (rows.length > 0 || asked !== undefined) return { mode, rows };
    return await this.#find({ query, ...wanted }, FORGIVING, limit);
  }

  /** @throws film_not_found */
  @trace("films.find")
  async find(id: number): Promise<queries.FilmRow> {
    const [film] = (await queries.findFilm(this.#db, id)).rows;
    if (film === undefined) throw refuse.film_not_found();
    return film;
  }

  /** @throws film_not_found */
  @trace("films.find_playable")
  async findPlayable(id: number): Promise<PlayableFilm> {
    const [film] = (await queries.findPlayable(this.#db, id)).rows;
    if (film === undefined) throw refuse.film_not_found();
    return film;
  }
}
