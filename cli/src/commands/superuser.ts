import { type Command, Option } from "commander";
import { UsageError } from "../io.ts";
import type { Context } from "../program.ts";
import { readPassword } from "../read-password.ts";
import { settle } from "../settings.ts";

interface Options {
  readonly email: string;
  readonly passwordStdin?: boolean;
  readonly locale: "en" | "ru";
}

export function superuserCommands(program: Command, { io }: Context): void {
  const superuser = program.command("superuser").description("People who may do everything.");
  superuser
    .command("create")
    .description("Make a superuser: a new account, or the role for an account that exists.")
    .requiredOption("--email <address>", "whom; the console vouches that the address is theirs")
    .option("--password-stdin", "read the password from the first line of standard input")
    .addOption(
      new Option("--locale <language>", "of letters to a new account").choices(["en", "ru"]).default("ru"),
    )
    .addHelpText(
      "after",
      `
The password is asked for twice and not shown. It is never an argument: those can be read by everybody
on the machine. An account that exists already gets the role and keeps its own password.

  $ kinopass superuser create --email root@example.com
  $ kinopass superuser create --email root@example.com --password-stdin < password.txt

Needs DATABASE_URL, AUTH_KEYS and AUTH_DIRECTORY_KEY.`,
    )
    .action(async ({ email, passwordStdin = false, locale }: Options) => {
      const { openConsole, makeSuperuser } = await import("@kinopass/auth/commands");
      if (!passwordStdin && io.stdin.isTTY !== true)
        throw new UsageError(
          "There is no terminal to ask for the password. Pipe it in and add --password-stdin.",
        );
      const console_ = await openConsole(settle(io));
      try {
        const made = await makeSuperuser(console_, { email, locale }, () => readPassword(io, passwordStdin));
        io.stdout.write(`${SAYS[made.kind](email)} Account ${made.accountId}.\n`);
      } finally {
        await console_.close();
      }
    });
}

const SAYS = {
  made: (email: string) => `${email} is a superuser and can sign in now.`,
  promoted: (email: string) =>
    `${email} had an account already: it is a superuser's now and keeps its password. A refresh brings the role.`,
  was_one: (email: string) => `${email} is a superuser already; nothing was changed.`,
} as const;
