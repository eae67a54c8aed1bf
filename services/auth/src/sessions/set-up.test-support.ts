import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { PostgresDatabase } from "@kinopass/postgres";
import { ManualClock, testDatabase } from "@kinopass/testing";
import { Audit } from "../audit/audit.ts";
import { newAccountId, type RegionCode } from "../ids.ts";
import { Revocations } from "../revocations/revocations.ts";
import { Secrets } from "../secrets.ts";
import { AccessTokens } from "../tokens/access-tokens.ts";
import { SigningKeys } from "../tokens/signing-keys.ts";
import { type Opening, Sessions } from "./sessions.ts";

export const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), "../../migrations");

/** Sessions over a database of the test's own, with `instances` services sharing it, and one account of region 5. */
export async function setUpSessions(t: TestContext, instances = 1) {
  const url = await testDatabase(t, { migrations: MIGRATIONS, schema: "auth" });
  const clock = new ManualClock();
  const secrets = new Secrets({ masters: [{ id: 1, key: randomBytes(32) }], directoryKey: randomBytes(32) });
  const services = Array.from({ length: instances }, () => serve(url, clock, secrets));
  t.after(() => Promise.all(services.map(({ db }) => db.close())));
  const [first] = services;
  if (first === undefined) throw new Error("no instance");
  await first.keys.ensure();
  const region = 5 as RegionCode;
  const account = { id: newAccountId(clock.now(), region), region };
  await addAccount(first.db, account.id, region);
  const opening: Opening = {
    account,
    roles: [],
    birthDate: "1990-05-17",
    door: "password",
    client: { address: "203.0.113.7", userAgent: "test" },
    device: { kind: "computer", name: null },
  };
  return { ...first, services, clock, secrets, account, opening, url };
}

function serve(url: string, clock: ManualClock, secrets: Secrets) {
  const db = new PostgresDatabase({
    url,
    applicationName: "test",
    maxConnections: 10,
    acquireTimeoutMs: 10_000,
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 10_000,
    planCacheMode: "force_generic_plan",
  });
  const audit = new Audit({ clock });
  const keys = new SigningKeys({ db, clock, secrets });
  const accessTokens = new AccessTokens({ keys, clock, issuer: "http://auth.example", audience: "kinopass" });
  const revocations = new Revocations({ db, clock });
  return {
    db,
    audit,
    keys,
    accessTokens,
    sessions: new Sessions({ db, urgent: db, clock, secrets, accessTokens, revocations, audit }),
  };
}

export async function addAccount(db: PostgresDatabase, id: string, region: number): Promise<void> {
  await db.run({
    name: "test.add_account",
    text: `insert into auth.accounts (id, region, birth_date, birth_date_precision, locale, created_at, updated_at)
           values ($1, $2, '1990-05-17', 'day', 'en', now(), now())`,
    values: [id, region],
  });
}

/** Rows of a query, for looking behind the service's back. */
export async function rowsOf<Row>(db: PostgresDatabase, text: string, ...values: unknown[]): Promise<Row[]> {
  return (await db.run<Row>({ name: "", text, values })).rows;
}

/** What a function of the database runs, white space aside. */
export async function sourceOf(db: PostgresDatabase, name: string): Promise<string> {
  const [row] = await rowsOf<{ prosrc: string }>(
    db,
    "select prosrc from pg_proc where oid = $1::regproc",
    name,
  );
  return (row?.prosrc ?? "").replaceAll(/\s+/g, " ");
}

/** A statement with other names for its parameters, white space aside. */
export function textOver(text: string, names: readonly string[]): string {
  return text
    .replaceAll(/\$(\d+)/g, (_, number: string) => names[Number(number) - 1] ?? "")
    .replaceAll(/\s+/g, " ");
}
