import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../io.ts";
import type { Context } from "../program.ts";
import { settle } from "../settings.ts";
import { importCommand } from "./import-accounts.ts";

const HELP = `
An account is named by its id or its e-mail.

  $ kinopass accounts export anna@example.com > anna.json
  $ kinopass accounts move anna@example.com --region ru_ural
  $ kinopass accounts erase anna@example.com --yes
  $ kinopass accounts import old-users.ndjson

Needs DATABASE_URL, AUTH_KEYS and AUTH_DIRECTORY_KEY.`;

export function accountCommands(program: Command, context: Context): void {
  const { io } = context;
  const accounts = program
    .command("accounts")
    .description("Export, erase, move and import accounts.")
    .addHelpText("after", HELP);
  const withConsole = async <T>(
    work: (commands: Commands, opened: Awaited<ReturnType<Commands["openConsole"]>>) => Promise<T>,
  ): Promise<T> => {
    const commands = await import("@kinopass/auth/commands");
    const opened = await commands.openConsole(settle(io));
    try {
      return await work(commands, opened);
    } finally {
      await opened.close();
    }
  };

  accounts
    .command("export")
    .description("Everything that is kept about an account, as JSON. No secret is in it.")
    .argument("<id-or-email>")
    .option("--out <file>", "write there, readable by you alone, instead of to standard output")
    .action(async (who: string, { out }: { out?: string }) => {
      const held = await withConsole(async (commands, opened) => {
        const { id } = await commands.findAccount(opened, who);
        return await commands.exportAccount(opened, id);
      });
      const text = `${JSON.stringify(held, null, 2)}\n`;
      if (out === undefined) io.stdout.write(text);
      else await writeFile(resolve(io.directory, out), text, { mode: 0o600 });
    });

  accounts
    .command("erase")
    .description("Erase an account and all that is kept about it. It cannot be taken back.")
    .argument("<id-or-email>")
    .option("--yes", "yes, erase it")
    .action(async (who: string, { yes }: { yes?: true }) => {
      if (yes !== true)
        throw new UsageError(`This cannot be taken back. To erase ${who}, run it again with --yes.`);
      const id = await withConsole(async (commands, opened) => {
        const account = await commands.findAccount(opened, who);
        await commands.eraseAccount(opened, account.id);
        return account.id;
      });
      io.stdout.write(`Account ${id} is erased, its sessions are over, its owner is told by mail.\n`);
    });

  accounts
    .command("move")
    .description("Move an account's data to another region. Its id and its sessions stay.")
    .argument("<id-or-email>")
    .requiredOption("--region <slug>", "as GET /v1/regions shows it, e.g. ru_ural")
    .action(async (who: string, { region }: { region: string }) => {
      const id = await withConsole(async (commands, opened) => {
        const account = await commands.findAccount(opened, who);
        await commands.moveAccount(opened, account.id, region);
        return account.id;
      });
      io.stdout.write(`Account ${id} lives in ${region} now.\n`);
    });

  importCommand(accounts, context, withConsole);
}

export type Commands = typeof import("@kinopass/auth/commands");
export type WithConsole = <T>(
  work: (commands: Commands, opened: Awaited<ReturnType<Commands["openConsole"]>>) => Promise<T>,
) => Promise<T>;
