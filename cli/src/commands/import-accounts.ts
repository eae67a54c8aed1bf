import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { ImportTotals } from "@kinopass/auth/commands";
import { type Command, Option } from "commander";
import type { Io } from "../io.ts";
import { Refused, SOME_SKIPPED } from "../io.ts";
import { numberIn } from "../number-in.ts";
import type { Context } from "../program.ts";
import { ProgressBar } from "../progress-bar.ts";
import { readRecords } from "../records.ts";
import type { WithConsole } from "./accounts.ts";

const HELP = `
NDJSON has one object a line; CSV (UTF-8, comma, a header line) the same fields as columns:

  {"email": "anna@example.com", "password_hash": "$argon2id$v=19$m=65536,t=3,p=4$…", "region": "ru_volga"}

  email           needed; the address counts as confirmed
  password_hash   argon2id in PHC form; without it the person sets a password by a reset
  display_name, birth_date (YYYY-MM-DD), region (slug), locale (ru, en), roles (a list; in CSV by spaces)

What to expect
  · An address that has an account already is left as it is: the same file again changes nothing.
  · A bad record is told with its file and line, and skipped; all others are imported.
  · Stopped half-way, what was imported stays. Run it again: it goes on.
  · Nobody is imported as a superuser.

Exit status: 0 every record is there, 3 all but bad records, which were skipped and told, 1 a file could not be
read to its end or the database did not answer (again goes on), 2 not understood.`;

interface Options {
  readonly format?: "ndjson" | "csv";
  readonly maxBad: number;
}

export function importCommand(accounts: Command, { io, outcome }: Context, withConsole: WithConsole): void {
  accounts
    .command("import")
    .description("Take accounts over from another system, with their password hashes.")
    .argument("<file...>")
    .addOption(new Option("--format <format>", "where the names do not tell").choices(["ndjson", "csv"]))
    .option("--max-bad <count>", "bad records told one by one; all are counted", numberIn(0, 1e9), 20)
    .addHelpText("after", HELP)
    .action(async (files: string[], { format, maxBad }: Options) => {
      await withConsole(async (commands, opened) => {
        for (const file of files) {
          const path = resolve(io.directory, file);
          const report = new Report(io, file, await sizeOf(path), maxBad);
          const source = createReadStream(path, { highWaterMark: 256 * 1024 });
          source.on("data", (chunk) => report.read(chunk.length));
          const records = readRecords(source, format ?? formatOf(file));
          const totals = await commands.importAccounts(opened, records, report);
          report.finish(totals);
          if (totals.bad > 0) outcome.status = SOME_SKIPPED;
        }
      });
    });
}

function formatOf(file: string): "ndjson" | "csv" {
  return /\.csv$/i.test(file) ? "csv" : "ndjson";
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    throw new Refused(`There is no file ${path} that can be read. Check the name.`);
  }
}

/** Tells how far an import is and what was wrong. */
class Report {
  readonly #io: Io;
  readonly #file: string;
  readonly #bytesTotal: number;
  readonly #maxBad: number;
  readonly #bar: ProgressBar;
  #bytesRead = 0;
  #told = 0;

  constructor(io: Io, file: string, bytesTotal: number, maxBad: number) {
    this.#io = io;
    this.#file = file;
    this.#bytesTotal = bytesTotal;
    this.#maxBad = maxBad;
    this.#bar = new ProgressBar(io.stderr);
  }

  read(bytes: number): void {
    this.#bytesRead += bytes;
  }

  onBad(line: number, why: string): void {
    this.#told += 1;
    if (this.#told <= this.#maxBad) this.#bar.say(`${this.#file}:${line}: skipped: ${why}`);
  }

  onProgress({ created, present }: Readonly<ImportTotals>): void {
    this.#bar.show(basename(this.#file), this.#bytesRead, this.#bytesTotal, `${created + present} accounts`);
  }

  finish({ created, present, bad }: Readonly<ImportTotals>): void {
    if (bad > this.#maxBad)
      this.#bar.say(`… and ${bad - this.#maxBad} more bad records (--max-bad ${bad} tells all)`);
    this.#bar.clear();
    this.#io.stdout.write(`${this.#file}: ${created} new, ${present} there already, ${bad} skipped\n`);
  }
}
