import type { KeyReport } from "@kinopass/auth/commands";
import type { Command } from "commander";
import { Refused, table } from "../io.ts";
import type { Context } from "../program.ts";
import { settle } from "../settings.ts";

export function keyCommands(program: Command, { io }: Context): void {
  const keys = program
    .command("keys")
    .description("Keys that sign access tokens, and master keys that seal what is kept.")
    .addHelpText(
      "after",
      `
There is a current key, which signs; a next one, published ahead, so that every service knows it before
it signs; and previous ones, until the last token they signed has run out.

  $ kinopass keys rotate            every few months: next becomes current; nobody notices
  $ kinopass keys withdraw KID      it leaked: its tokens are refused within seconds; sessions go on
  $ kinopass keys reseal            after a new master key was put in front of AUTH_KEYS and replicas restarted:
                                    an old one that nothing is sealed with any more can go

Needs DATABASE_URL and AUTH_KEYS; reseal needs AUTH_DIRECTORY_KEY as well.`,
    );
  const open = async () => (await import("@kinopass/auth/commands")).openKeys(settle(io));

  keys
    .command("list")
    .description("Show keys and what each is for.")
    .action(async () => {
      const console_ = await open();
      try {
        io.stdout.write(show(await console_.list()));
      } finally {
        await console_.close();
      }
    });

  keys
    .command("rotate")
    .description("The next key signs from now on; a fresh one is published as next.")
    .action(async () => {
      const console_ = await open();
      try {
        io.stdout.write(show(await console_.rotate()));
        io.stderr.write("Running services follow within seconds. Tokens signed so far stay valid.\n");
      } finally {
        await console_.close();
      }
    });

  keys
    .command("withdraw")
    .description("Take a leaked key out of use; tokens it signed are refused.")
    .argument("<kid>", "as kinopass keys list shows it")
    .action(async (kid: string) => {
      const console_ = await open();
      try {
        if (!(await console_.withdraw(kid)))
          throw new Refused(`No key ${kid} is in use. See kinopass keys list.`);
        io.stdout.write(show(await console_.list()));
        io.stderr.write(`${kid} is withdrawn. Viewers refresh by themselves; nobody has to sign in again.\n`);
      } finally {
        await console_.close();
      }
    });

  resealCommand(keys, io);
}

function resealCommand(keys: Command, io: Context["io"]): void {
  keys
    .command("reseal")
    .description("Seal signing keys and providers' tokens with the newest key of AUTH_KEYS.")
    .action(async () => {
      const { openConsole, reseal } = await import("@kinopass/auth/commands");
      const console_ = await openConsole(settle(io));
      try {
        const { resealed, lost } = await reseal(console_);
        io.stdout.write(`${resealed} sealed anew\n`);
        if (lost > 0)
          throw new Refused(
            `${lost} cannot be opened: put the key they were sealed with back at the end of AUTH_KEYS and run this again.`,
          );
      } finally {
        await console_.close();
      }
    });
}

function show(keys: readonly KeyReport[]): string {
  const rows = keys.map(({ kid, state, created_at }) => [kid, state, created_at.toISOString().slice(0, 10)]);
  return table([["KID", "STATE", "MADE"], ...rows]);
}
