import type { Environment } from "@kinopass/config";

export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Standard input; a terminal can be told not to show what is typed. */
export interface Input extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: "data", listener: (chunk: Uint8Array | string) => void): unknown;
  off(event: "data", listener: (chunk: Uint8Array | string) => void): unknown;
}

/** Everything the command touches outside itself. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** Where files are looked for, and the settings of a running stand. */
  readonly directory: string;
}

/** The command was not given as it must be; the message says how. Exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command was understood and is refused; the message says what to do next. Exit status 1. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Exit status of an import that took everything but bad records: a script may go on, and somebody should look. `catalog import` has the same. */
export const SOME_SKIPPED = 3;

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
