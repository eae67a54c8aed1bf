import { basename } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError, type Environment } from "@kinopass/config";
import { DatabaseAway } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import { readDatabaseUrl } from "../config.ts";
import { migrateCatalog } from "../migrate.ts";
import { type ImportedFile, type ImportReport, importFilms } from "./imports.ts";
import { ProgressBar, type ProgressOutput } from "./progress-bar.ts";

export interface CommandIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: ProgressOutput;
  readonly env: Environment;
  readonly clock: Clock;
  /** Monotonic milliseconds, for "in 2.1 s". */
  readonly uptime: () => number;
}

const HELP = `Import films from JSON files into the catalog.

  kinopass catalog import FILE…

Each file is one JSON array; each record one film:

  {"title": "Inception", "year": 2010, "cast": ["Leonardo DiCaprio"], "genres": ["Science Fiction"],
   "href": "Inception", "extract": "Inception is …", "thumbnail": "https://…"}

title, year, cast and genres are needed; the rest may be missing. Other fields are ignored.

What to expect
  · The same file again changes nothing. A corrected file corrects: what it says replaces what was
    known, what it does not say stays.
  · Films of one title and year are one film, unless their href tells them apart. A record about a
    film of which its file told before is named, with both lines.
  · What stands in a cast and is no name ("[2]", "(voice)") is left out.
  · A bad record is told with its file, number and line, and skipped; all others are imported.
  · A file that is no JSON array, or ends in the middle, is refused: nothing of it is imported.
  · Films without a rating are 18+; the newest three years of the whole catalog are for subscribers.

Options
  --max-bad N   bad and repeated records told one by one (default 20 of each; all are counted)
  --help        this text

Environment
  CATALOG_DATABASE_URL or DATABASE_URL   where the catalog lives, e.g. postgres://user@host/kinopass

Exit status: 0 every record is there, 3 all but bad records, which were skipped and told, 1 a file was
refused or the database did not answer, 2 the command was wrong.
`;

/** As of every import of the console. */
const STATUS = { done: 0, refused: 1, usage: 2, someSkipped: 3 } as const;

class UsageError extends Error {}

/** Runs `kinopass catalog import`; resolves to the exit status. Progress and complaints go to stderr, the result to stdout. */
export async function runImportCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    const command = readArguments(argv);
    if (command.help) {
      io.stdout.write(HELP);
      return STATUS.done;
    }
    const url = readDatabaseUrl(io.env);
    await migrateCatalog(url);
    return await importAndReport(command, url, io);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) {
      io.stderr.write(`${error.message}\nTry: kinopass catalog import --help\n`);
      return STATUS.usage;
    }
    if (!isAway(error)) throw error;
    io.stderr.write(
      "The database did not answer; what was imported before stays. Is CATALOG_DATABASE_URL right?\n",
    );
    return STATUS.refused;
  }
}

interface Command {
  readonly files: readonly string[];
  readonly help: boolean;
  readonly maxBad: number;
}

function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = parsed(argv);
  const maxBad = Number(values["max-bad"] ?? "20");
  if (!Number.isSafeInteger(maxBad) || maxBad < 0) throw new UsageError("--max-bad takes a whole number");
  if (positionals.length === 0 && values.help !== true) throw new UsageError("Name at least one file");
  return { files: positionals, help: values.help === true, maxBad };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, "max-bad": { type: "string" } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function importAndReport({ files, maxBad }: Command, url: string, io: CommandIo): Promise<number> {
  const began = io.uptime();
  const bar = new ProgressBar(io.stderr);
  let bad = 0;
  let repeats = 0;
  const report = await importFilms({
    url,
    files,
    clock: io.clock,
    onProgress: ({ file, bytesRead, bytesTotal, records }) =>
      bar.show(basename(file), bytesRead, bytesTotal, `${records} records`),
    onBadRecord: ({ file, record, line, reason }) => {
      bad += 1;
      if (bad <= maxBad) bar.say(`${file}:${line}: record ${record} skipped: ${reason}`);
    },
    onRepeatedRecord: ({ file, record, line, title, year, first }) => {
      repeats += 1;
      if (repeats <= maxBad)
        bar.say(`${file}:${line}: record ${record}, ${title} (${year}), is the film of line ${first.line}`);
    },
    onFile: (file) => bar.say(summaryOf(file)),
  });
  if (repeats > maxBad)
    bar.say(`… and ${repeats - maxBad} more repeated records (--max-bad ${repeats} tells all)`);
  if (bad > maxBad) bar.say(`… and ${bad - maxBad} more bad records (--max-bad ${bad} tells all)`);
  io.stdout.write(totalOf(report, (io.uptime() - began) / 1000));
  if (report.files.some(({ refused }) => refused !== undefined)) return STATUS.refused;
  return bad > 0 ? STATUS.someSkipped : STATUS.done;
}

function summaryOf({ file, records, created, changed, same, repeated, bad, refused }: ImportedFile): string {
  if (refused !== undefined) return `${file}: refused, nothing imported: ${refused}`;
  const parts = [`${records} records`, `${created} new`, `${changed} changed`, `${same} unchanged`];
  if (repeated > 0) parts.push(`${repeated} repeated`);
  if (bad > 0) parts.push(`${bad} bad`);
  return `${file}: ${parts.join(", ")}`;
}

function totalOf({ files, films, persons, genres }: ImportReport, seconds: number): string {
  const sum = (pick: (file: ImportedFile) => number) => files.reduce((total, file) => total + pick(file), 0);
  const repeats = sum(({ repeated }) => repeated);
  return (
    `${sum(({ records }) => records)} records in ${seconds.toFixed(1)} s: ` +
    `${sum(({ created }) => created)} new films, ${sum(({ changed }) => changed)} changed, ` +
    `${sum(({ same }) => same)} unchanged, ` +
    `${repeats > 0 ? `${repeats} records about a film told of before, ` : ""}${sum(({ bad }) => bad)} bad records skipped.\n` +
    `The catalog has ${films} films, ${persons} persons, ${genres} genres.\n`
  );
}

/** Ours, or the driver's own when the migration could not connect. */
function isAway(error: unknown): boolean {
  if (error instanceof DatabaseAway) return true;
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^(ECONN|ETIMEDOUT|ENOTFOUND|EAI_|28|3D)/.test(code);
}
