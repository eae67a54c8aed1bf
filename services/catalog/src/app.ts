/** The whole service, wired by hand. This file alone knows every capability, and decides nothing. */
import { type Caller, createGuard, type Guard, open } from "@kinopass/guard";
import { guardPlugin } from "@kinopass/guard/fastify";
import {
  common,
  countDecision,
  createServer,
  describeContract,
  docsPage,
  drain,
  healthRoutes,
  listen,
  observeLimiter,
  type Server,
  traceDecisions,
  traceScripts,
} from "@kinopass/http";
import { connectRedis, followLimits, Limiter, limits, readPolicyFile } from "@kinopass/limiter";
import { observePool, PostgresDatabase } from "@kinopass/postgres";
import { annotate } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { contractInfo } from "./contract-info.ts";
import { Cursors } from "./cursors/cursors.ts";
import { Films } from "./films/films.ts";
import { filmRoutes } from "./films/routes.ts";
import { Genres } from "./genres/genres.ts";
import { genreRoutes } from "./genres/routes.ts";
import { asAppError } from "./guard-refusals.ts";
import { ensureFilms } from "./imports/imports.ts";
import { guardCounters, observeGuard } from "./metrics/guard-metrics.ts";
import { migrateCatalog } from "./migrate.ts";
import { Persons } from "./persons/persons.ts";
import { personRoutes } from "./persons/routes.ts";
import { Grants } from "./playback/grants.ts";
import { Playback, playbackRefusal } from "./playback/playback.ts";
import { playbackRoutes } from "./playback/routes.ts";
import { Search } from "./search/search.ts";
import { Signer } from "./secrets.ts";

export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  /** Fails answers whose code the contract does not list; tests switch it on. */
  readonly demandDocumentedCodes?: boolean;
}

export interface Catalog {
  readonly app: Server;
  /** Learns Auth's keys and begins to follow revocations; waits for Auth no longer than two seconds. */
  prepare(): Promise<void>;
  /** Shows the gauges of this instance; for the one that serves, once. */
  observe(): void;
  /** Lets go of connections. The server itself is drained first. */
  close(): Promise<void>;
}

export async function buildCatalog(surroundings: Surroundings): Promise<Catalog> {
  const { config, clock, logger } = surroundings;
  const { db, guard, redis, limiter, films, genres, persons, playback } = buildCapabilities(surroundings);
  const app = await createServer({
    logger,
    now: () => clock.now(),
    trustedProxies: config.trustedProxies,
    trustedTraceNetworks: config.trustedTraceNetworks,
    demandDocumentedCodes: surroundings.demandDocumentedCodes ?? false,
  });
  await describeContract(app, contractInfo(config.publicUrl));
  await protect(app, guard, limiter, config.trustedProxies);
  healthRoutes(app, [
    { name: "database", check: async () => (await genres.all()).length > 0 },
    { name: "auth_keys", optional: true, check: async () => guard.status().keysUsable },
  ]);
  filmRoutes(app, { films, playbackRefusal });
  playbackRoutes(app, { playback });
  genreRoutes(app, { genres });
  personRoutes(app, { persons });
  await docsPage(app);
  const unfollow = followLimits({ file: config.limitsFile, limiter, logger });
  return {
    app,
    prepare: () => guard.start(),
    observe: () => {
      observePool(db, "kinopass-catalog");
      observeLimiter(limiter);
      observeGuard(guard);
    },
    close: async () => {
      unfollow();
      await guard.stop();
      limiter.close();
      redis?.disconnect();
      await db.close();
    },
  };
}

/** Who is calling, then how often. A route of the API without a policy keeps the service from starting. */
async function protect(
  app: Server,
  guard: Guard,
  limiter: Limiter,
  trustedProxies: readonly string[],
): Promise<void> {
  app.addHook("onRoute", (route) => {
    if (!route.url.startsWith("/v1/")) route.config = { policy: open, ...route.config };
  });
  await app.register(guardPlugin, {
    guard,
    refuse: (refusal) => {
      throw asAppError(refusal);
    },
    onCaller: showCaller,
  });
  await app.register(limits, {
    limiter,
    trustedProxies,
    // A request that was sent away before the guard saw it has no caller.
    account: ({ caller }: { caller?: Caller }) => (caller?.kind === "member" ? caller.accountId : undefined),
    refuse: () => common.rate_limited(),
  });
}

/** On the request's span: who was let in, how sure the guard was, and why. Ids stay out of it. */
function showCaller({ kind, certainty, because }: Caller): void {
  annotate({
    "kinopass.caller.kind": kind,
    "kinopass.caller.certainty": certainty,
    "kinopass.caller.because": because,
  });
}

function buildCapabilities({ config, clock, logger }: Surroundings) {
  const db = new PostgresDatabase({
    url: config.databaseUrl,
    applicationName: "kinopass-catalog",
    maxConnections: config.databaseConnections,
    acquireTimeoutMs: config.databaseWaitMs,
    statementTimeoutMs: config.statementTimeoutMs,
    lockTimeoutMs: 500,
  });
  const guard = createGuard({
    issuer: config.issuer,
    audience: config.audience,
    credential: config.credential ?? { id: "", secret: "" },
    ...(config.authUrl === undefined ? {} : { authUrl: config.authUrl }),
    ...(config.guardDirectory === undefined ? {} : { directory: config.guardDirectory }),
    clock,
    logger,
    metrics: guardCounters(),
  });
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl);
  const limiter = new Limiter({
    redis: redis === undefined ? undefined : traceScripts(redis, "token-bucket"),
    namespace: "catalog",
    ...(config.limitsFile === undefined ? {} : { policies: readPolicyFile(config.limitsFile) }),
    onDecision: countDecision,
    onMode: (mode, because) => logger.warn({ mode, because }, "limits are counted elsewhere now"),
    secret: new Signer(config.keys, "limits").sign("limiter"),
    replicas: config.replicas,
  });
  traceDecisions(limiter);
  const cursors = new Cursors(new Signer(config.keys, "cursors"));
  const search = new Search({ db });
  const films = new Films({ db, cursors, search });
  const persons = new Persons({ db, cursors, search });
  const grants = new Grants(new Signer(config.keys, "playback"));
  const playback = new Playback({ films, grants, clock });
  return { db, guard, redis, limiter, films, genres: new Genres({ db }), persons, playback };
}

export interface RunningCatalog {
  /** Where it listens, e.g. `http://127.0.0.1:8001`. */
  readonly address: string;
  /** Films imported because there were none. */
  readonly imported: number;
  /** Finishes the requests under way and lets go of everything. */
  close(): Promise<void>;
}

/**
 * Migrates, fills an empty catalog, listens.
 *
 * @throws PortTaken, DatabaseAway and what the migration says; nothing stays open then
 */
export async function startCatalog(surroundings: Surroundings): Promise<RunningCatalog> {
  const { config } = surroundings;
  const catalog = await buildCatalog(surroundings);
  try {
    catalog.observe();
    // An Auth that is silent is waited for while the database is made ready, not after.
    const [{ imported }] = await Promise.all([fill(config.databaseUrl), catalog.prepare()]);
    const { host, port } = config;
    const address = await listen(catalog.app, { host, port, portVariable: "CATALOG_PORT" });
    return { address, imported, close: () => drain(catalog.app, catalog.close) };
  } catch (error) {
    await catalog.app.close();
    await catalog.close();
    throw error;
  }
}

async function fill(url: string): Promise<{ readonly imported: number }> {
  await migrateCatalog(url);
  return await ensureFilms({ url });
}
