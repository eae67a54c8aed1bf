import type { Database, PostgresDatabase, Statement, Transaction } from "@kinopass/postgres";

/** What one run of a statement read: per partitioned table, the leaves whose plan nodes were executed. */
export interface Touched {
  readonly name: string;
  readonly text: string;
  readonly leaves: ReadonlyMap<string, readonly string[]>;
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Loops"?: number;
  readonly Plans?: readonly PlanNode[];
}

const PARTITIONED = /auth\.(accounts|identifiers|sessions|sign_ins|audit_entries|role_grants)\b/;
const TIMES_EACH = 3;

/**
 * Has PostgreSQL explain the statements of a service at the very moment they run: prepared, with
 * their real values, in their real transaction, under the plan mode the service's connections have. The
 * explained run is taken back to a savepoint; then the real one follows.
 */
export async function watchLeaves(db: PostgresDatabase): Promise<readonly Touched[]> {
  const parents = await parentsOfLeaves(db);
  const touched: Touched[] = [];
  const seen = new Map<string, number>();
  const run = db.run.bind(db);
  const transaction = db.transaction.bind(db);
  const watch = async (tx: Transaction, statement: Statement) => {
    const times = seen.get(statement.name) ?? 0;
    if (!PARTITIONED.test(statement.text) || times >= TIMES_EACH) return;
    seen.set(statement.name, times + 1);
    const leaves = await explain(tx, statement, parents);
    touched.push({ name: statement.name, text: statement.text, leaves });
  };
  db.run = async <Row>(statement: Statement) => {
    await transaction((tx) => watch(tx, statement));
    return await run<Row>(statement);
  };
  db.transaction = async <T>(work: (tx: Transaction) => Promise<T>, options = {}) =>
    await transaction(
      (tx) =>
        work({
          ...tx,
          run: async <Row>(statement: Statement) => {
            await watch(tx, statement);
            return await tx.run<Row>(statement);
          },
        }),
      options,
    );
  return touched;
}

/** Leaves that an executed node of the plan read, by parent. */
export async function explain(
  tx: Transaction,
  { text, values }: Pick<Statement, "text" | "values">,
  parents: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const plain = (command: string) => tx.run<Record<string, unknown>>({ name: "", text: command, values: [] });
  await plain("savepoint proof");
  await plain(`prepare proof as ${text}`);
  const given = values.length === 0 ? "" : `(${values.map(literal).join(", ")})`;
  const { rows } = await plain(
    `explain (analyze, costs off, timing off, summary off, format json) execute proof${given}`,
  );
  await plain("deallocate proof");
  await plain("rollback to savepoint proof");
  const explained = rows[0]?.["QUERY PLAN"] as readonly { readonly Plan: PlanNode }[] | undefined;
  const plan = explained?.[0]?.Plan;
  if (plan === undefined) throw new Error(`PostgreSQL did not explain ${text}`);
  const leaves = new Map<string, string[]>();
  for (const relation of executed(plan)) {
    const parent = parents.get(relation);
    if (parent === undefined) continue;
    const known = leaves.get(parent) ?? [];
    if (!known.includes(relation)) leaves.set(parent, [...known, relation]);
  }
  return leaves;
}

export async function parentsOfLeaves(db: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.run<{ leaf: string; parent: string }>({
    name: "",
    text: `select child.relname as leaf, parent.relname as parent from pg_inherits
             join pg_class child on child.oid = inhrelid join pg_class parent on parent.oid = inhparent
            where parent.relkind = 'p'`,
    values: [],
  });
  return new Map(rows.map(({ leaf, parent }) => [leaf, parent]));
}

/** How often this connection has scanned each leaf since it last told the statistics of the server. */
export async function scansIn(tx: Transaction): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.run<{ readonly leaf: string; readonly scans: number }>({
    name: "",
    text: `select relname as leaf, (coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::int as scans
             from pg_stat_xact_user_tables join pg_inherits on inhrelid = relid
            where schemaname = 'auth' order by relname`,
    values: [],
  });
  return new Map(rows.map(({ leaf, scans }) => [leaf, scans]));
}

function executed(node: PlanNode): string[] {
  const own = node["Relation Name"];
  const ran = own !== undefined && node["Node Type"] !== "ModifyTable" && (node["Actual Loops"] ?? 0) > 0;
  return [...(ran ? [own] : []), ...(node.Plans ?? []).flatMap(executed)];
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return `'${plainText(value).replaceAll("'", "''")}'`;
}

function plainText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return `{${value.map(element).join(",")}}`;
  return String(value);
}

function element(value: unknown): string {
  if (value === null || value === undefined) return "null";
  return `"${plainText(value).replaceAll(/["\\]/g, "\\$&")}"`;
}
