import type { NewRegion, Plan, Step } from "@kinopass/auth/commands";
import { type Command, InvalidArgumentError } from "commander";
import { table } from "../io.ts";
import type { Context } from "../program.ts";
import { settle } from "../settings.ts";

const HELP = `
The running month and three more are made; twelve whole months are kept; what is older is detached, which
waits for readers and blocks nobody, and dropped, one by one. An apply that was interrupted is taken up
by the next one. A new region is data: its accounts get a table of their own.

  $ kinopass partitions plan
  $ kinopass partitions apply
  $ kinopass partitions apply --region kz_almaty:KZ:Almaty:Алматы

Needs DATABASE_URL, of a role that may create and drop tables.`;

interface Options {
  readonly region?: NewRegion[];
}

export function partitionCommands(program: Command, { io }: Context): void {
  const partitions = program
    .command("partitions")
    .description("How the tables are split: regions of accounts, months of the sign-in history.")
    .addHelpText("after", HELP);
  const open = async () => {
    const commands = await import("@kinopass/auth/commands");
    return { commands, opened: commands.openDatabase(settle(io)) };
  };
  const regionOption = "--region <slug:jurisdiction:english:russian>";

  partitions
    .command("plan")
    .description("Show how tables are split, what is kept and what apply would do; change nothing.")
    .option(regionOption, "a region to add; may be repeated", collectRegion)
    .action(async ({ region = [] }: Options) => {
      const { commands, opened } = await open();
      try {
        io.stdout.write(show(await commands.planPartitions(opened, region)));
      } finally {
        await opened.close();
      }
    });

  partitions
    .command("apply")
    .description("Make what is missing, drop what has expired.")
    .option(regionOption, "a region to add; may be repeated", collectRegion)
    .action(async ({ region = [] }: Options) => {
      const { commands, opened } = await open();
      try {
        const count = await commands.applyPartitions(opened, region, (step) =>
          io.stdout.write(`${sayStep(step)}\n`),
        );
        io.stdout.write(count === 0 ? "Nothing to do.\n" : `${count} steps done.\n`);
      } finally {
        await opened.close();
      }
    });
}

function show({ tables, kept, steps }: Plan): string {
  const split = tables.map(({ name, split_by, leaves, rows, bytes }) => [
    name,
    split_by,
    String(leaves),
    about(rows),
    sizeOf(bytes),
  ]);
  const months = kept.map(({ leaf, rows, bytes }) => [leaf, about(rows), sizeOf(bytes)]);
  const doing = steps.map((step) => `  ${sayStep(step)}\n`).join("");
  return [
    table([["TABLE", "SPLIT BY", "LEAVES", "ROWS, ABOUT", "SIZE"], ...split]),
    table([["MONTH KEPT", "ROWS, ABOUT", "SIZE"], ...months]),
    steps.length === 0 ? "Nothing to do.\n" : `To do:\n${doing}`,
  ].join("\n");
}

/** PostgreSQL's estimate; it has none before it looked at the table for the first time. */
function about(rows: number): string {
  return rows < 0 ? "?" : String(rows);
}

function sayStep(step: Step): string {
  if (step.kind === "add_region") {
    const { slug, nameEn, jurisdiction } = step.region;
    return `add region ${slug} (${nameEn}, ${jurisdiction})`;
  }
  if (step.kind === "drop") {
    const rows = step.rows < 0 ? "" : `about ${step.rows} rows, `;
    return `drop ${step.leaf} (${rows}${sizeOf(step.bytes)})`;
  }
  return `${{ make_month: "make", detach: "detach", finalize: "finish detaching" }[step.kind]} ${step.leaf}`;
}

function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 / 1024)} MiB`;
}

function collectRegion(given: string, before: NewRegion[] = []): NewRegion[] {
  const [slug = "", jurisdiction = "", nameEn = "", nameRu = "", ...rest] = given.split(":");
  const isWhole =
    /^[a-z][a-z0-9_]{1,40}$/.test(slug) &&
    /^[A-Z]{2}$/.test(jurisdiction) &&
    nameEn.trim() !== "" &&
    nameRu.trim() !== "" &&
    rest.length === 0;
  if (!isWhole)
    throw new InvalidArgumentError(
      "It looks like kz_almaty:KZ:Almaty:Алматы: a slug of small letters, digits and _, a country's two letters, two names.",
    );
  return [...before, { slug, jurisdiction, nameEn, nameRu }];
}
