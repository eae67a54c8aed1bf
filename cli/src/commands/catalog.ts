import type { Command } from "commander";
import type { Context } from "../program.ts";
import { settle } from "../settings.ts";

export function catalogCommands(program: Command, { io, outcome }: Context): void {
  const catalog = program.command("catalog").description("Films, genres and persons.");
  catalog
    .command("import")
    .description("Import films from JSON files; see its own --help.")
    .argument("[arguments...]", "files and options")
    .allowUnknownOption()
    .helpOption(false)
    .action(async (argv: string[]) => {
      const { runImportCommand } = await import("@kinopass/catalog/commands");
      outcome.status = await runImportCommand(argv, {
        stdout: io.stdout,
        stderr: io.stderr,
        env: argv.includes("--help") ? io.env : settle(io),
        clock: { now: () => new Date() },
        uptime: () => performance.now(),
      });
    });
}
