/**
 * The whole service on a database of its own, spoken to with `app.inject`, and an Auth process with
 * real keys and a real feed beside it. Time of tokens moves by hand.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, type TestContext } from "node:test";
import { TestAuth, testToken } from "@kinopass/guard/testing";
import { createLogger, type Server } from "@kinopass/http";
import { PostgresDatabase } from "@kinopass/postgres";
import { ManualClock, testDatabase, traceSuite } from "@kinopass/testing";
import { buildCatalog, type Catalog } from "../app.ts";
import { type Config, readCatalogConfig } from "../config.ts";
import { MIGRATIONS } from "../migrate.ts";

export interface TestCatalog {
  readonly app: Server;
  readonly catalog: Catalog;
  readonly clock: ManualClock;
  readonly config: Config;
  readonly db: PostgresDatabase;
  readonly auth: TestAuth;
  /** A signed-in caller's headers. */
  bearer(claims?: Readonly<Record<string, unknown>>): Promise<{ readonly authorization: string }>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  post(url: string, headers?: Record<string, string>, payload?: object): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of a body
  readonly body: any;
}

/** A migrated, empty database, gone when the test ends. */
export async function emptyDatabase(t: Pick<TestContext, "after">): Promise<string> {
  return await testDatabase(t, { migrations: MIGRATIONS, schema: "catalog" });
}

export function openDatabase(t: Pick<TestContext, "after">, url: string): PostgresDatabase {
  const db = new PostgresDatabase({
    url,
    applicationName: "catalog-test",
    maxConnections: 4,
    acquireTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
    lockTimeoutMs: 30_000,
  });
  t.after(() => db.close());
  return db;
}

export interface StartOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** For a test that hurts Auth, or makes it say something. */
  readonly ownAuth?: boolean;
}

let shared: Promise<TestAuth> | undefined;
// Here and not where it starts: inside a test it would be that test's own clean-up.
after(async () => (await shared)?.kill());

/** One Auth process for all tests of a file that only need its keys. */
function sharedAuth(): Promise<TestAuth> {
  shared ??= TestAuth.start();
  return shared;
}

export async function startTestCatalog(
  t: Pick<TestContext, "after">,
  plant: (db: PostgresDatabase) => Promise<unknown>,
  { variables = {}, ownAuth = false }: StartOptions = {},
): Promise<TestCatalog> {
  await traceSuite();
  const databaseUrl = await emptyDatabase(t);
  const db = openDatabase(t, databaseUrl);
  await plant(db);
  const auth = ownAuth ? await TestAuth.start() : await sharedAuth();
  if (ownAuth) t.after(() => auth.kill());
  const config = readCatalogConfig({
    CATALOG_DATABASE_URL: databaseUrl,
    CATALOG_KEYS: `1:${Buffer.alloc(32, 1).toString("base64")}`,
    CATALOG_SERVICE_ID: auth.credential.id,
    CATALOG_SERVICE_SECRET: auth.credential.secret,
    // A busy machine must not make a test fail; that waiting ends is shown where the database is away.
    CATALOG_DATABASE_WAIT_MS: "20000",
    CATALOG_STATEMENT_TIMEOUT_MS: "20000",
    AUTH_ISSUER: auth.issuer,
    AUTH_URL: auth.url,
    ...variables,
  });
  const clock = new ManualClock();
  const logger = createLogger({ level: "silent", service: "catalog" });
  const catalog = await buildCatalog({ config, clock, logger, demandDocumentedCodes: true });
  t.after(async () => {
    await catalog.app.close();
    await catalog.close();
  });
  await catalog.prepare();
  const { app } = catalog;
  // Each request is from a network of its own, so that a test about films meets no limit.
  let network = 0;
  const ask = async (
    method: "GET" | "POST",
    url: string,
    headers = {},
    payload?: object,
  ): Promise<Answer> => {
    network += 1;
    const remoteAddress = `10.${network >> 8}.${network & 255}.1`;
    const answer = await app.inject({
      remoteAddress,
      method,
      url,
      headers,
      ...(payload === undefined ? {} : { payload }),
    });
    const body = answer.body === "" ? undefined : answer.json();
    return { status: answer.statusCode, headers: answer.headers, body };
  };
  return {
    app,
    catalog,
    clock,
    config,
    db,
    auth,
    bearer: async (claims = {}) => {
      const { key, issuer } = auth;
      const at = clock.now();
      const token = await testToken({
        key,
        issuer,
        audience: config.audience,
        at,
        claims: { sub: randomUUID(), ...claims },
      });
      return { authorization: `Bearer ${token}` };
    },
    get: (url, headers) => ask("GET", url, headers),
    post: (url, headers, payload) => ask("POST", url, headers, payload),
  };
}

/** Walks a list to its end and gives all items; every page but the last must be full. */
export async function allPages(
  get: TestCatalog["get"],
  path: string,
  pageSize: number,
): Promise<{ readonly id: number; readonly title: string }[]> {
  const items: { id: number; title: string }[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 500; page += 1) {
    const next: string = cursor === null ? "" : `&cursor=${cursor}`;
    const { status, body } = await get(
      `${path}${path.includes("?") ? "&" : "?"}page_size=${pageSize}${next}`,
    );
    assert.equal(status, 200, JSON.stringify(body));
    items.push(...body.items);
    cursor = body.next_cursor;
    if (cursor === null) return items;
    assert.equal(body.items.length, pageSize);
  }
  throw new Error("the list has no end");
}
