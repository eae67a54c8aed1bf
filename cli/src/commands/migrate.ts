import type { Command } from "commander";
import type { Context } from "../program.ts";
import { settle } from "../settings.ts";

export function migrateCommand(program: Command, { io }: Context): void {
  program
    .command("migrate")
    .description(
      "Bring the database up to date: Auth's tables, and the catalog's where CATALOG_DATABASE_URL is set.",
    )
    .addHelpText(
      "after",
      `
Every migration runs once, in its own transaction; replicas that start meanwhile wait. Run it again
whenever you like. The services do the same when they start.

  $ DATABASE_URL=postgres://… kinopass migrate`,
    )
    .action(async () => {
      const env = settle(io);
      const { migrateAuth } = await import("@kinopass/auth/commands");
      report(io, "auth", (await migrateAuth(env)).applied);
      const catalogUrl = env["CATALOG_DATABASE_URL"];
      if (catalogUrl === undefined || catalogUrl === "") return;
      const { migrateCatalog } = await import("@kinopass/catalog/commands");
      report(io, "catalog", (await migrateCatalog(catalogUrl)).applied);
    });
}

function report(io: Context["io"], name: string, applied: readonly string[]): void {
  const what = applied.length === 0 ? "up to date" : `applied ${applied.join(", ")}`;
  io.stdout.write(`${name}: ${what}\n`);
}
