/**
 * What an operator's `kinopass partitions apply` would do: months ahead, expired months out, new
 * regions in. A month leaves by DETACH CONCURRENTLY, which waits for readers and blocks nobody, and
 * then DROP. Neither may run in a transaction, so each is a step of its own; a step that was
 * interrupted is taken up by the next plan where it stopped.
 */
import { type Database, type PostgresDatabase, statement } from "@kinopass/postgres";
import { addMonths, leafOfMonth, monthOfLeaf, startOfMonth } from "./months.ts";
import { MONTHS_AHEAD } from "./partitions.ts";
import * as queries from "./queries.ts";

/** Whole months kept besides the running one. */
export const MONTHS_KEPT = 12;

export interface NewRegion {
  readonly slug: string;
  /** ISO 3166-1 alpha-2. */
  readonly jurisdiction: string;
  readonly nameEn: string;
  readonly nameRu: string;
}

export type Step =
  | { readonly kind: "add_region"; readonly region: NewRegion }
  | { readonly kind: "make_month"; readonly leaf: string; readonly month: Date }
  | { readonly kind: "detach" | "finalize"; readonly leaf: string }
  | { readonly kind: "drop"; readonly leaf: string; readonly rows: number; readonly bytes: number };

export interface Plan {
  /** Every table that is split, by name. */
  readonly tables: readonly queries.PartitionedTable[];
  readonly steps: readonly Step[];
  /** Months that stay as they are, oldest first. */
  readonly kept: readonly queries.MonthLeaf[];
}

export async function planPartitions(
  db: Database,
  now: Date,
  regions: readonly NewRegion[] = [],
): Promise<Plan> {
  const { rows: leaves } = await queries.monthLeaves(db);
  const { rows: known } = await queries.regionSlugs(db);
  const slugs = new Set(known.map(({ slug }) => slug));
  const isExpired = ({ leaf, detaching }: queries.MonthLeaf) => detaching || isBeyondKeeping(leaf, now);
  return {
    tables: (await queries.partitionedTables(db)).rows,
    steps: [
      ...regions
        .filter(({ slug }) => !slugs.has(slug))
        .map((region) => ({ kind: "add_region", region }) as const),
      ...missingMonths(leaves, now),
      ...leaves.filter(isExpired).flatMap(stepsOut),
    ],
    kept: leaves.filter((leaf) => leaf.attached && !isExpired(leaf)),
  };
}

function isBeyondKeeping(leaf: string, now: Date): boolean {
  const month = monthOfLeaf(leaf);
  return month !== undefined && addMonths(month, MONTHS_KEPT + 1).getTime() <= startOfMonth(now).getTime();
}

function missingMonths(leaves: readonly queries.MonthLeaf[], now: Date): Step[] {
  const made = new Set(leaves.map(({ leaf }) => leaf));
  return Array.from({ length: MONTHS_AHEAD + 1 }, (_, ahead) => addMonths(startOfMonth(now), ahead))
    .map((month) => ({ kind: "make_month", leaf: leafOfMonth(month), month }) as const)
    .filter(({ leaf }) => !made.has(leaf));
}

function stepsOut({ leaf, attached, detaching, rows, bytes }: queries.MonthLeaf): Step[] {
  const drop = { kind: "drop", leaf, rows, bytes } as const;
  if (!attached) return [drop];
  return [{ kind: detaching ? "finalize" : "detach", leaf }, drop];
}

/** Takes one step. `db` needs patience: DETACH CONCURRENTLY waits for everybody who reads the table. */
export async function takeStep(db: PostgresDatabase, step: Step): Promise<void> {
  if (step.kind === "add_region") {
    const { slug, jurisdiction, nameEn, nameRu } = step.region;
    await db.transaction(async (tx) => {
      await queries.lockRegions(tx);
      const { rows } = await queries.nextRegionCode(tx);
      await queries.addRegion(tx, rows[0]?.code, slug, jurisdiction, nameEn, nameRu);
    });
  } else if (step.kind === "make_month") {
    await queries.ensureMonths(db, step.month.toISOString().slice(0, 10), 0);
  } else {
    // The name comes from pg_class and looks like sign_ins_202603: monthLeaves sees no other.
    await statement<never>(`partitions.${step.kind}_${step.leaf}`, DEPARTURES[step.kind](step.leaf))(db);
  }
}

const DEPARTURES = {
  detach: (leaf: string) => `alter table auth.sign_ins detach partition auth.${leaf} concurrently`,
  finalize: (leaf: string) => `alter table auth.sign_ins detach partition auth.${leaf} finalize`,
  drop: (leaf: string) => `drop table auth.${leaf}`,
} as const;
