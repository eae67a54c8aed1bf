import type { Readable } from "node:stream";
import type { ImportRecord } from "@kinopass/auth/commands";
import { type CsvError, parse } from "csv-parse";
import { Refused } from "./io.ts";

const MOST_BYTES_A_RECORD = 64 * 1024;

/** Records of a file, one at a time, each with its line. What is no record comes as an Error: one bad line stops nothing. */
export function readRecords(source: Readable, format: "ndjson" | "csv"): AsyncIterable<ImportRecord> {
  return format === "csv" ? readCsv(source) : readLines(source);
}

async function* readLines(source: Readable): AsyncIterable<ImportRecord> {
  let rest = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of source) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield* recordOf(rest.subarray(0, end), line);
      rest = rest.subarray(end + 1);
      line += 1;
    }
    // Only so much is kept of a line without an end; whatever it is, it is no record.
    if (rest.length > 2 * MOST_BYTES_A_RECORD) rest = rest.subarray(0, MOST_BYTES_A_RECORD + 1);
  }
  yield* recordOf(rest, line);
}

function* recordOf(bytes: Buffer, line: number): Iterable<ImportRecord> {
  if (bytes.length > MOST_BYTES_A_RECORD) {
    yield { line, value: new Error("The line is longer than 64 KiB") };
    return;
  }
  const text = bytes
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trim();
  if (text === "") return;
  try {
    yield { line, value: JSON.parse(text) };
  } catch {
    yield { line, value: new Error("The line is not JSON") };
  }
}

async function* readCsv(source: Readable): AsyncIterable<ImportRecord> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MOST_BYTES_A_RECORD,
  });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
      const wrong =
        info.error === undefined
          ? undefined
          : new Error("The line has another number of columns than the header");
      yield { line: info.lines, value: wrong ?? record };
    }
  } catch (error) {
    if ((error as Partial<CsvError>).code?.startsWith("CSV_") !== true) throw error;
    throw new Refused(
      `The file is not CSV: ${(error as Error).message}. What stands before it was imported.`,
    );
  }
}

interface CsvRow {
  readonly record: Record<string, string>;
  readonly info: { readonly lines: number; readonly error?: CsvError };
}
