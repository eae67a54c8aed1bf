import { refusals } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Cursors } from "../cursors/cursors.ts";
import { fold } from "../text/fold.ts";
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

export interface FilmPage {
  readonly items: readonly queries.ListedRow[];
  readonly nextCursor: string | null;
}

export type PlayableFilm = Awaited<ReturnType<typeof queries.findPlayable>>["rows"][number];

export class Films {
  readonly #db: Database;
  readonly #cursors: Cursors;

  constructor({ db, cursors }: { db: Database; cursors: Cursors }) {
    this.#db = db;
    this.#cursors = cursors;
  }

  /** @throws relevance_needs_query, cursor_invalid */
  @trace("films.list")
  async list(search: FilmSearch): Promise<FilmPage> {
    const { query, genre, person, pageSize, cursor } = search;
    const sort = search.sort ?? (query === undefined ? "-year" : "relevance");
    if (sort === "relevance" && query === undefined) throw refuse.relevance_needs_query();
    const words = query === undefined ? undefined : fold(query);
    const list = ["films", sort, words ?? null, genre ?? null, person ?? null];
    const after = cursor === undefined ? undefined : this.#cursors.read(list, cursor);
    // Signs without a letter or digit find nothing, and need no database to say so.
    if (words === "") return { items: [], nextCursor: null };
    const wanted = { sort, words, genre, person, after, limit: pageSize + 1 };
    const rows = await queries.listFilms(this.#db, wanted);
    const items = rows.slice(0, pageSize);
    const last = items.at(-1);
    if (rows.length <= pageSize || last === undefined) return { items, nextCursor: null };
    const place = sort === "relevance" ? [last.score, last.id] : [last.id];
    return { items, nextCursor: this.#cursors.issue(list, place) };
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
