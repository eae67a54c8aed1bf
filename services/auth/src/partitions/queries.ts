import { statement } from "@kinopass/postgres";

export const ensureMonths = statement<never>(
  "partitions.ensure_months",
  "call auth.ensure_months($1::date, $2)",
);

export interface MonthLeaf {
  /** `sign_ins_202603` */
  readonly leaf: string;
  /** False where a drop was interrupted between DETACH and DROP. */
  readonly attached: boolean;
  /** True where a DETACH CONCURRENTLY was interrupted half-way; it must be finalized. */
  readonly detaching: boolean;
  readonly bytes: number;
  /** The planner's estimate; -1 before the first ANALYZE. */
  readonly rows: number;
}

/** Every table that is or was a month of sign_ins, oldest first. */
export const monthLeaves = statement<MonthLeaf>(
  "partitions.month_leaves",
  `select child.relname as leaf, link.inhparent is not null as attached,
          coalesce(link.inhdetachpending, false) as detaching,
          pg_total_relation_size(child.oid)::float8 as bytes, child.reltuples::float8 as rows
     from pg_class child
     left join pg_inherits link on link.inhrelid = child.oid and link.inhparent = 'auth.sign_ins'::regclass
    where child.relnamespace = 'auth'::regnamespace and child.relkind = 'r'
      and child.relname ~ '^sign_ins_[0-9]{6}$'
    order by child.relname`,
);

export interface PartitionedTable {
  readonly name: string;
  /** As PostgreSQL writes it: `LIST (region)`. */
  readonly split_by: string;
  readonly leaves: number;
  readonly bytes: number;
  /** The planner's estimate; -1 before the first ANALYZE of any leaf. */
  readonly rows: number;
}

export const partitionedTables = statement<PartitionedTable>(
  "partitions.tables",
  `select parent.relname as name, pg_get_partkeydef(parent.oid) as split_by, count(*)::integer as leaves,
          sum(pg_total_relation_size(child.oid))::float8 as bytes,
          coalesce(sum(child.reltuples) filter (where child.reltuples >= 0), -1)::float8 as rows
     from pg_class parent
     join pg_inherits link on link.inhparent = parent.oid
     join pg_class child on child.oid = link.inhrelid
    where parent.relnamespace = 'auth'::regnamespace and parent.relkind = 'p'
    group by parent.oid, parent.relname
    order by parent.relname`,
);

/** The partitioned parents nobody analyzed for a week: autovacuum only ever looks at their leaves. */
export const parentsToAnalyze = statement<{ readonly parent: string }>(
  "partitions.parents_to_analyze",
  `select class.relname as parent
     from pg_class class
     left join pg_stat_all_tables stat on stat.relid = class.oid
    where class.relnamespace = 'auth'::regnamespace and class.relkind = 'p'
      and coalesce(stat.last_analyze, '-infinity') < now() - interval '7 days'
    order by class.relname`,
);

/** The name comes from pg_class. Replicas that do it at the same time leave it to the first. */
export function analyze(parent: string) {
  return statement<never>(`partitions.analyze_${parent}`, `analyze (skip_locked) auth.${parent}`);
}

export const regionSlugs = statement<{ readonly slug: string }>(
  "partitions.region_slugs",
  "select slug from auth.regions",
);

export const lockRegions = statement<never>(
  "partitions.lock_regions",
  "select pg_advisory_xact_lock(hashtext('auth.regions'))",
);

/** Under the lock of the regions: no number is given twice. */
export const nextRegionCode = statement<{ readonly code: number }>(
  "partitions.next_region_code",
  "select (coalesce(max(code), 0) + 1)::smallint as code from auth.regions",
);

export const addRegion = statement<never>(
  "partitions.add_region",
  "call auth.add_region($1::smallint, $2, $3, $4, $5)",
);
