import type { Transaction } from "@kinopass/postgres";
import { ageRatingOf } from "../ratings/ratings.ts";
import { joinedPairs, learn } from "../search/search.ts";
import { fold } from "../text/fold.ts";
import type { FilmRecord, Place } from "./film-record.ts";
import { filmOf, merge, type PlannedFilm, sameFilm } from "./merge.ts";
import * as queries from "./queries.ts";

export interface Written {
  readonly created: number;
  readonly changed: number;
  /** Films that the records told nothing new of. */
  readonly same: number;
  /** Records about a film of which their own file had told before. */
  readonly repeated: readonly RepeatedRecord[];
}

export interface RepeatedRecord extends Place {
  readonly title: string;
  readonly year: number;
  readonly first: Place;
}

/** Where a file told of which film, by id: its later batches repeat what earlier ones told. */
export type Told = Map<number, Place>;

/** Writes a batch of records; each list of columns is one statement, so time hardly depends on the network. */
export async function writeFilms(
  tx: Transaction,
  records: readonly FilmRecord[],
  told: Told = new Map(),
): Promise<Written> {
  const { films, repeated } = await planFilms(tx, records, told);
  const created = films.filter(({ before }) => before === undefined);
  const changed = films.filter(({ before, record }) => before !== undefined && !sameFilm(before, record));
  const ids = (await queries.newFilmIds(tx, created.length)).rows;
  const fresh = created.map((film, at) => ({ ...film, id: ids[at]?.id }));
  if (fresh.length > 0) await queries.insertFilms(tx, ...columnsOf(fresh));
  if (changed.length > 0) await queries.updateFilms(tx, ...columnsOf(changed));
  if (fresh.length + changed.length > 0) await writeLists(tx, changed, [...fresh, ...changed]);
  for (const { id, told: place } of [...fresh, ...films])
    if (id !== undefined && place !== undefined) told.set(id, place);
  return {
    created: created.length,
    changed: changed.length,
    same: films.length - created.length - changed.length,
    repeated,
  };
}

/** What follows from all films together; called once after the last batch. */
export async function finishImport(tx: Transaction): Promise<void> {
  await queries.classifyAccess(tx);
  await queries.countGenres(tx);
  await queries.forgetUnnamed(tx);
  await queries.countPersons(tx);
  await queries.settleIndexes(tx);
}

/** The films that the records are about, known and new, each with all that was said of it merged. */
async function planFilms(
  tx: Transaction,
  records: readonly FilmRecord[],
  told: Told,
): Promise<{ readonly films: readonly PlannedFilm[]; readonly repeated: readonly RepeatedRecord[] }> {
  const keyed = records.map((record) => ({ record, folded: foldTitle(record.title) }));
  const kept = await queries.filmsOf(
    tx,
    keyed.map(({ folded }) => folded),
    keyed.map(({ record }) => record.year),
  );
  const namesakes = new Map<string, PlannedFilm[]>();
  const keyOf = (folded: string, year: number) => `${year} ${folded}`;
  for (const row of kept.rows) {
    const record = recordOf(row);
    const { id, folded } = row;
    const film: PlannedFilm = { id, folded, before: record, record, told: told.get(id) };
    append(namesakes, keyOf(row.folded, row.year), film);
  }
  const repeated: RepeatedRecord[] = [];
  for (const { record, folded } of keyed) {
    const { place, title, year } = record;
    const key = keyOf(folded, year);
    const film = filmOf(record, namesakes.get(key) ?? []);
    if (film === undefined) {
      append(namesakes, key, { id: undefined, folded, before: undefined, record, told: place });
      continue;
    }
    if (place !== undefined && film.told !== undefined)
      repeated.push({ ...place, title, year, first: film.told });
    film.told ??= place;
    film.record = merge(film.record, record);
  }
  return { films: [...namesakes.values()].flat(), repeated };
}

function append(lists: Map<string, PlannedFilm[]>, key: string, film: PlannedFilm): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [film]);
  else list.push(film);
}

async function writeLists(
  tx: Transaction,
  changed: readonly PlannedFilm[],
  films: readonly PlannedFilm[],
): Promise<void> {
  const genres = new Map(films.flatMap(({ record }) => record.genres).map((genre) => [genre.slug, genre]));
  const known = [...genres.values()];
  await queries.insertGenres(
    tx,
    known.map(({ slug }) => slug),
    known.map(({ name_en }) => name_en),
    known.map(({ name_ru }) => name_ru),
  );
  const names = [...new Set(films.flatMap(({ record }) => [...record.directors, ...record.actors]))];
  const foldedNames = names.map(foldTitle);
  await queries.insertPersons(tx, names, foldedNames, foldedNames.map(joined));
  const changedIds = changed.map(({ id }) => id);
  if (changed.length > 0) {
    await queries.forgetGenres(tx, changedIds);
    await queries.forgetPeople(tx, changedIds);
  }
  const genreLinks = films.flatMap(({ id, record }) => record.genres.map(({ slug }) => ({ id, slug })));
  await queries.linkGenres(
    tx,
    genreLinks.map(({ id }) => id),
    genreLinks.map(({ slug }) => slug),
  );
  const credits = films.flatMap(creditsOf);
  await queries.linkPeople(
    tx,
    credits.map(({ id }) => id),
    credits.map(({ name }) => name),
    credits.map(({ position }) => position),
    credits.map(({ part }) => part),
  );
  await learn(tx, [...films.map(({ folded }) => folded), ...foldedNames]);
}

function joined(folded: string): string {
  return joinedPairs(folded).join(" ");
}

function creditsOf({ id, record }: PlannedFilm) {
  const credit = (part: "director" | "actor") => (name: string, position: number) => ({
    id,
    name,
    position,
    part,
  });
  return [...record.directors.map(credit("director")), ...record.actors.map(credit("actor"))];
}

/** A title of signs alone ("$") is found by them. */
function foldTitle(title: string): string {
  const folded = fold(title);
  return folded === "" ? title.toLowerCase() : folded;
}

function columnsOf(films: readonly PlannedFilm[]): unknown[] {
  const column = (pick: (record: FilmRecord) => unknown) => films.map(({ record }) => pick(record) ?? null);
  return [
    films.map(({ id }) => id),
    films.map(({ folded }) => folded),
    column(({ year }) => year),
    column(({ reference }) => reference),
    column(({ title }) => title),
    column(({ releasedOn }) => releasedOn),
    column(({ mpaa }) => mpaa),
    column(({ runtime }) => runtime),
    column(({ rating }) => rating),
    column(({ votes }) => votes),
    column(({ description }) => description),
    column(({ posterUrl }) => posterUrl),
    column(({ mpaa }) => ageRatingOf(mpaa)),
    films.map(({ folded }) => joined(folded)),
    column(({ directors, actors }) => [...directors, ...actors].map(foldTitle).join(" ")),
  ];
}

function recordOf(row: queries.KeptFilm): FilmRecord {
  return {
    title: row.title,
    year: row.year,
    reference: row.reference,
    releasedOn: row.released_on ?? undefined,
    mpaa: row.mpaa ?? undefined,
    runtime: row.runtime ?? undefined,
    rating: row.rating ?? undefined,
    votes: row.votes ?? undefined,
    description: row.description ?? undefined,
    posterUrl: row.poster_url ?? undefined,
    genres: row.genres,
    directors: row.directors,
    actors: row.actors,
  };
}
