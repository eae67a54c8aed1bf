/**
 * How films come into the catalog: the bundled ones when it is empty, and files by command. One
 * transaction a file, under a lock: a reader sees all of a file or nothing, and two imports that start
 * together do one after the other.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { DatabaseRefusal, PostgresDatabase, type Transaction } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import { bundledFilms } from "./bundled-films.ts";
import { BadRecord, type FilmRecord, type Place } from "./film-record.ts";
import { type ArrayEntry, FileRefused, JsonArraySplitter } from "./json-array.ts";
import * as queries from "./queries.ts";
import { readWikipediaFilm } from "./wikipedia-films.ts";
import { finishImport, type RepeatedRecord, type Told, writeFilms } from "./write-films.ts";

/** Larger files are not refused for lack of memory but for lack of sense: the world's films are some 500 MB. */
export const MAX_FILE_BYTES = 200 * 1024 * 1024;

/** Records written together: bounds memory, and is more than any file of a decade has. */
const BATCH = 5_000;

export interface BadRecordReport extends Place {
  readonly file: string;
  readonly reason: string;
}

/** A record about a film of which the same file told before; what it says is merged into that film. */
export interface RepeatedRecordReport extends RepeatedRecord {
  readonly file: string;
}

export interface ImportProgress {
  readonly file: string;
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly records: number;
}

export interface ImportedFile {
  readonly file: string;
  readonly records: number;
  readonly created: number;
  readonly changed: number;
  readonly same: number;
  /** Records about films that the file tells of more than once: so many films fewer than records. */
  readonly repeated: number;
  readonly bad: number;
  /** Why nothing of the file was imported. */
  readonly refused?: string;
}

export interface ImportReport {
  readonly files: readonly ImportedFile[];
  /** What the catalog holds afterwards. */
  readonly films: number;
  readonly persons: number;
  readonly genres: number;
}

export interface ImportOptions {
  readonly url: string;
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly onBadRecord?: (bad: BadRecordReport) => void;
  readonly onRepeatedRecord?: (repeated: RepeatedRecordReport) => void;
  readonly onFile?: (file: ImportedFile) => void;
}

/**
 * Imports files of the Wikipedia lists' shape into a migrated database; the same files again change
 * nothing. A bad record is reported and skipped; a file that is no JSON array of records is refused
 * whole, and the next one is read.
 *
 * @throws DatabaseAway, DatabaseRefusal; what was imported before stays
 */
export async function importFilms({ url, ...options }: ImportOptions): Promise<ImportReport> {
  return await withDatabase(url, async (db) => {
    const files: ImportedFile[] = [];
    for (const file of options.files) {
      const imported = await importFile(db, file, options);
      options.onFile?.(imported);
      files.push(imported);
    }
    if (files.some(({ created, changed }) => created + changed > 0)) await queries.analyze(db);
    const [totals] = (await queries.totals(db)).rows;
    return { files, films: totals?.films ?? 0, persons: totals?.persons ?? 0, genres: totals?.genres ?? 0 };
  });
}

/** Puts the bundled films into an empty catalog. Replicas may call it together; the answer tells how many came. */
export async function ensureFilms({ url }: { readonly url: string }): Promise<{ readonly imported: number }> {
  return await withDatabase(url, async (db) => {
    if (await hasFilms(db)) return { imported: 0 };
    return await db.transaction(async (tx) => {
      await queries.lockImports(tx);
      if (await hasFilms(tx)) return { imported: 0 };
      const { created } = await writeFilms(tx, bundledFilms());
      await finishImport(tx);
      await queries.analyze(tx);
      return { imported: created };
    });
  });
}

async function hasFilms(db: Pick<Transaction, "run">): Promise<boolean> {
  return (await queries.anyFilm(db)).rows[0]?.found === true;
}

/** A pool of its own: an import may take longer than any request may. */
async function withDatabase<T>(url: string, work: (db: PostgresDatabase) => Promise<T>): Promise<T> {
  const db = new PostgresDatabase({
    url,
    applicationName: "kinopass-catalog-import",
    maxConnections: 1,
    acquireTimeoutMs: 5_000,
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 120_000,
  });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

async function importFile(
  db: PostgresDatabase,
  file: string,
  options: Omit<ImportOptions, "url" | "files">,
): Promise<ImportedFile> {
  const counts = { records: 0, created: 0, changed: 0, same: 0, repeated: 0, bad: 0 };
  const told: Told = new Map();
  try {
    const bytesTotal = await sizeOf(file);
    // One attempt: a second would report the file's bad records twice, and the lock leaves nobody to collide with.
    await db.transaction(
      async (tx) => {
        await queries.lockImports(tx);
        for await (const batch of batchesOf(file, { ...options, bytesTotal, counts })) {
          const written = await writeFilms(tx, batch, told);
          counts.created += written.created;
          counts.changed += written.changed;
          counts.same += written.same;
          counts.repeated += written.repeated.length;
          for (const repeated of written.repeated) options.onRepeatedRecord?.({ file, ...repeated });
        }
        if (counts.created + counts.changed > 0) await finishImport(tx);
      },
      { attempts: 1 },
    );
    return { file, ...counts };
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return { file, ...counts, created: 0, changed: 0, same: 0, refused: reason };
  }
}

interface Reading extends Omit<ImportOptions, "url" | "files"> {
  readonly bytesTotal: number;
  readonly counts: { records: number; bad: number };
}

async function* batchesOf(file: string, reading: Reading): AsyncGenerator<readonly FilmRecord[]> {
  const splitter = new JsonArraySplitter();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const today = reading.clock.now();
  let batch: FilmRecord[] = [];
  let bytesRead = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    bytesRead += (chunk as Buffer).length;
    for (const entry of splitter.push(decoder.decode(chunk as Buffer, { stream: true }))) {
      const record = readEntry(entry, file, today, reading);
      if (record !== undefined) batch.push(record);
    }
    const { bytesTotal, counts } = reading;
    reading.onProgress?.({ file, bytesRead, bytesTotal, records: counts.records });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  decoder.decode();
  splitter.finish();
  if (batch.length > 0) yield batch;
}

function readEntry(entry: ArrayEntry, file: string, today: Date, reading: Reading): FilmRecord | undefined {
  reading.counts.records += 1;
  try {
    if (entry.text === undefined) throw new BadRecord("it is larger than 64 KiB");
    const place = { record: entry.number, line: entry.line };
    return { ...readWikipediaFilm(parse(entry.text), today), place };
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
    reading.counts.bad += 1;
    reading.onBadRecord?.({ file, record: entry.number, line: entry.line, reason: error.message });
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRecord("it is not JSON");
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file);
  if (!found.isFile()) throw new FileRefused("it is not a file");
  if (found.size > MAX_FILE_BYTES) throw new FileRefused("it is larger than 200 MiB; split it");
  return found.size;
}

/** Whether the file is at fault. Trouble with the database is not, and ends the import. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof FileRefused) return error.message;
  if (error instanceof DatabaseRefusal) return undefined;
  const code = (error as { code?: unknown }).code;
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "it may not be read";
  return undefined;
}
