import { Command } from "commander";
import { accountCommands } from "./commands/accounts.ts";
import { catalogCommands } from "./commands/catalog.ts";
import { drillCommands } from "./commands/drill.ts";
import { keyCommands } from "./commands/keys.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { partitionCommands } from "./commands/partitions.ts";
import { serviceCommands } from "./commands/services.ts";
import { superuserCommands } from "./commands/superuser.ts";
import type { Io } from "./io.ts";

/** Where a command that finished leaves a status other than 0. */
export interface Outcome {
  status: number;
}

export interface Context {
  readonly io: Io;
  readonly outcome: Outcome;
}

const EXAMPLES = `
First steps:
  $ kinopass migrate                                        make the tables
  $ kinopass superuser create --email root@example.com      asks for the password, unseen
  $ kinopass service add catalog --scope revocations        prints a secret, once

From time to time:
  $ kinopass keys rotate                                    a new signing key; nobody is signed out
  $ kinopass partitions apply                               months ahead, old months out

Commands read the same variables as the services (DATABASE_URL, AUTH_KEYS, AUTH_DIRECTORY_KEY …), each
only what it needs. Without DATABASE_URL they find a stand that is running here (npm start).
Exit status: 0 done, 1 refused, 2 not understood, 3 imported but for bad records.`;

export function buildProgram(io: Io, outcome: Outcome): Command {
  const program = new Command("kinopass")
    .description("Operates Kinopass: accounts, keys, services, partitions, the catalog.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .showHelpAfterError("Add --help to learn how it is used.")
    .showSuggestionAfterError()
    .addHelpText("after", EXAMPLES);
  const context: Context = { io, outcome };
  migrateCommand(program, context);
  superuserCommands(program, context);
  serviceCommands(program, context);
  keyCommands(program, context);
  partitionCommands(program, context);
  accountCommands(program, context);
  catalogCommands(program, context);
  drillCommands(program, context);
  return program;
}
