import { ConfigError } from "@kinopass/config";
import { CommanderError } from "commander";
import type { Io } from "./io.ts";
import { Refused, UsageError } from "./io.ts";
import { buildProgram } from "./program.ts";

/** Runs one command; resolves to its exit status: 0 done, 1 refused, 2 not understood, 3 imported but for bad records. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const outcome = { status: 0 };
  try {
    await buildProgram(io, outcome).parseAsync([...argv], { from: "user" });
    return outcome.status;
  } catch (error) {
    const { status, text } = explain(error);
    if (text !== undefined) io.stderr.write(`${text}\n`);
    return status;
  }
}

interface Explained {
  readonly status: 1 | 2 | 0;
  /** Undefined where the command line parser has said it already. */
  readonly text?: string;
}

/** One sentence: what is wrong and what to do next. */
function explain(error: unknown): Explained {
  if (error instanceof CommanderError) return { status: error.exitCode === 0 ? 0 : 2 };
  if (error instanceof UsageError) return { status: 2, text: error.message };
  if (error instanceof ConfigError)
    return {
      status: 2,
      text: `${error.message}\nSet what is missing, or start a stand here (npm start): its settings are found by themselves.`,
    };
  if (error instanceof Refused) return { status: 1, text: error.message };
  return explainTrouble(error as Partial<Trouble>) ?? { status: 1, text: defect(error) };
}

interface Trouble {
  readonly name: string;
  readonly code: string;
  readonly sqlState: string;
  readonly definition: { readonly title: { en: string }; readonly detail?: { en: string } };
}

/** No table, schema or procedure of that name. */
const UNMIGRATED: ReadonlySet<string> = new Set(["42P01", "3F000", "42883"]);

function explainTrouble({ name, code, sqlState, definition }: Partial<Trouble>): Explained | undefined {
  if (definition !== undefined) {
    const { title, detail } = definition;
    return { status: 1, text: `${title.en}${detail === undefined ? "" : `. ${detail.en}`}.` };
  }
  if (sqlState !== undefined && UNMIGRATED.has(sqlState))
    return { status: 1, text: "This database has no tables of Kinopass yet. Run kinopass migrate first." };
  const isAway = name === "DatabaseAway" || /^(ECONN|ETIMEDOUT|ENOTFOUND|EAI_|28|3D|57P)/.test(code ?? "");
  if (isAway)
    return { status: 1, text: "The database did not answer. Check DATABASE_URL, and that it is running." };
  return undefined;
}

function defect(error: unknown): string {
  return `This should not have happened:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
