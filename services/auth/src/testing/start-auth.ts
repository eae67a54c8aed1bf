/**
 * The whole service on a database of its own, spoken to with `app.inject`. Time moves by hand, mails
 * are kept instead of sent, and hashes are cheap; everything else is what runs in production.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { createLogger, type Server } from "@kinopass/http";
import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { ManualClock, testDatabase, traceSuite } from "@kinopass/testing";
import { type Auth, buildAuth, type Surroundings } from "../app.ts";
import type { Config } from "../config.ts";
import { type KeptMail, KeptMails } from "./kept-mails.ts";
import { type Journal, watchStatements } from "./watch-statements.ts";

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), "../../migrations");

/** A password that is accepted for everybody. */
export const GOOD_PASSWORD = "four green boots";

export interface Overrides {
  readonly config?: Partial<Config>;
  readonly surroundings?: Partial<Omit<Surroundings, "config" | "clock">>;
}

export interface SignedIn {
  readonly email: string;
  readonly password: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
  readonly accountId: string;
  /** To be passed as `headers`. */
  readonly headers: { readonly authorization: string };
}

export interface TestAuth {
  readonly app: Server;
  readonly auth: Auth;
  readonly clock: ManualClock;
  readonly databaseUrl: string;
  readonly config: Config;
  /** Delivers what waits; then all mails so far, or those to one address, newest first. */
  mails(to?: string): Promise<readonly KeptMail[]>;
  /** Signs up, reads the code from the mail, confirms. */
  signUp(fields?: Record<string, unknown>): Promise<SignedIn>;
  signIn(email: string, password?: string, fields?: Record<string, unknown>): Promise<SignedIn>;
  /** Where mails go; can be told to fail. */
  readonly mailer: KeptMails;
  /** Statements that ran, by name, in order. */
  readonly journal: Journal;
}

export async function startTestAuth(
  t: Pick<TestContext, "after">,
  overrides: Overrides = {},
): Promise<TestAuth> {
  await traceSuite();
  // Hooks run in the order they were added: the service must let go of its database before that is dropped.
  const cleanUps: (() => unknown)[] = [];
  t.after(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  });
  const later = { after: (cleanUp: () => unknown) => void cleanUps.push(cleanUp) };
  const databaseUrl = await testDatabase(later as Pick<TestContext, "after">, {
    migrations: MIGRATIONS,
    schema: "auth",
  });
  const clock = new ManualClock();
  const config: Config = { ...testConfig(databaseUrl), ...overrides.config };
  const kept = new KeptMails();
  const auth = await buildAuth({
    logger: createLogger({ level: "silent", service: "auth" }),
    demandDocumentedCodes: true,
    mailer: kept,
    // Every request of a test comes from one address; tests of the limits set their own.
    policies: { ...DEFAULT_POLICIES, allow: ["127.0.0.0/8"] },
    // A crowd and the service share one event loop here.
    shedding: false,
    // Nor is a test's crowd on a busy machine a flood.
    longestHashWaitMs: 60_000,
    ...overrides.surroundings,
    config,
    clock,
  });
  later.after(async () => {
    await auth.app.close();
    await auth.close();
  });
  await openConnections(auth, config.databaseConnections);
  const journal = watchStatements(auth.capabilities.db);
  await auth.prepare();
  const mails = async (to?: string) => {
    await auth.capabilities.newDevices.settled();
    await auth.capabilities.mailWorker.deliverDue();
    return kept.newestFirst(to);
  };
  const { app } = auth;
  return {
    app,
    auth,
    clock,
    databaseUrl,
    config,
    journal,
    mails,
    mailer: kept,
    signUp: (fields) => signUp(app, mails, fields),
    signIn: (email, password = GOOD_PASSWORD, fields = {}) => signIn(app, email, password, fields),
  };
}

/**
 * A crowd in a test comes within a millisecond of the start. Opening ten connections on a busy machine
 * may take longer than the pool lets anybody wait, and that is not what the tests are about.
 */
async function openConnections({ capabilities: { db } }: Auth, count: number): Promise<void> {
  const hold = { name: "test.hold", text: "select pg_sleep(0.05)", values: [] };
  for (let attempt = 0; attempt < 20 && db.counts.open < count; attempt += 1) {
    await Promise.allSettled(Array.from({ length: count }, () => db.run(hold)));
  }
}

async function signUp(
  app: Server,
  mails: TestAuth["mails"],
  fields: Record<string, unknown> = {},
): Promise<SignedIn> {
  const form = { email: `${randomBytes(6).toString("hex")}@example.com`, password: GOOD_PASSWORD, ...fields };
  const asked = await app.inject({ method: "POST", url: "/v1/accounts", payload: form });
  assert.equal(asked.statusCode, 202, asked.body);
  const [mail] = await mails(form.email);
  assert.ok(mail?.code, "the code came by mail");
  const payload = { email: form.email, code: mail.code };
  const answer = await app.inject({ method: "POST", url: "/v1/accounts/confirm", payload });
  assert.equal(answer.statusCode, 201, answer.body);
  return signedIn(form.email, form.password, answer.json());
}

async function signIn(
  app: Server,
  email: string,
  password: string,
  fields: Record<string, unknown>,
): Promise<SignedIn> {
  const answer = await app.inject({
    method: "POST",
    url: "/v1/sessions",
    payload: { email, password, ...fields },
  });
  assert.equal(answer.statusCode, 201, answer.body);
  return signedIn(email, password, answer.json());
}

/** What a door answered, made handy. */
export function signedIn(
  email: string,
  password: string,
  tokens: { access_token: string; refresh_token: string; session_id: string },
): SignedIn {
  const [, claims = ""] = tokens.access_token.split(".");
  const { sub } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { sub: string };
  return {
    email,
    password,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    sessionId: tokens.session_id,
    accountId: sub,
    headers: { authorization: `Bearer ${tokens.access_token}` },
  };
}

function testConfig(databaseUrl: string): Config {
  return {
    host: "127.0.0.1",
    port: 0,
    issuer: "http://auth.test",
    audience: "kinopass",
    siteUrl: "http://site.test",
    social: { settings: {}, returnTo: ["http://site.test/*"] },
    databaseUrl,
    databaseConnections: 10,
    // Crowds in a test meet a busy machine; tests of the deadlines themselves set the real one.
    databaseWaitMs: 8_000,
    redisUrl: undefined,
    limitsFile: undefined,
    replicas: 1,
    masters: [{ id: 1, key: randomBytes(32) }],
    directoryKey: randomBytes(32),
    smtpUrl: "smtp://127.0.0.1:1",
    mailFrom: "Kinopass <no-reply@kinopass.example>",
    captchaText: true,
    auditDays: 365,
    trustedProxies: [],
    trustedTraceNetworks: [],
    metrics: { host: "127.0.0.1", port: 0 },
    logLevel: "silent",
    hashWorkers: 2,
    hashCost: { memoryKib: 64, iterations: 1, parallelism: 1 },
  };
}
