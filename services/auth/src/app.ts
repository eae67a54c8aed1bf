/** The whole service, wired by hand. This file alone knows every capability, and decides nothing. */
import { randomBytes } from "node:crypto";
import {
  common,
  countDecision,
  createServer,
  describeContract,
  docsPage,
  healthRoutes,
  type Server,
  type SheddingOptions,
  traceDecisions,
  traceScripts,
} from "@kinopass/http";
import {
  connectRedis,
  followPolicyFile,
  Limiter,
  limits,
  type Policies,
  readPolicyFile,
} from "@kinopass/limiter";
import { PostgresDatabase } from "@kinopass/postgres";
import type { FastifyBaseLogger } from "fastify";
import { Accounts } from "./accounts/accounts.ts";
import { EmailChange } from "./accounts/email-change.ts";
import { emailRoutes } from "./accounts/email-routes.ts";
import { Erasure } from "./accounts/erasure.ts";
import type { Keeper } from "./accounts/keepers.ts";
import { accountLetters } from "./accounts/letters.ts";
import { meRoutes } from "./accounts/me-routes.ts";
import { NewDevices } from "./accounts/new-device.ts";
import { Profile } from "./accounts/profile.ts";
import { signUpRoutes } from "./accounts/routes.ts";
import { SignUp } from "./accounts/sign-up.ts";
import { AccountSearch } from "./admin/account-search.ts";
import { Administration } from "./admin/administration.ts";
import { adminRoutes } from "./admin/routes.ts";
import { Audit } from "./audit/audit.ts";
import { eraseEntries } from "./audit/queries.ts";
import { Captcha } from "./captcha/captcha.ts";
import { CaptchaDemand } from "./captcha/demand.ts";
import { LocalFailures, SharedFailures } from "./captcha/failures.ts";
import { FallbackChallenges } from "./captcha/fallback-challenges.ts";
import { POLICY as CAPTCHA_POLICY } from "./captcha/policy.ts";
import { PostgresChallenges } from "./captcha/postgres-challenges.ts";
import { RedisChallenges } from "./captcha/redis-challenges.ts";
import { captchaRoutes } from "./captcha/routes.ts";
import type { Clock } from "./clock.ts";
import { Codes } from "./codes/codes.ts";
import type { Config } from "./config.ts";
import { contractInfo } from "./contract-info.ts";
import { Directory } from "./directory/directory.ts";
import { History } from "./history/history.ts";
import { historyRoutes } from "./history/routes.ts";
import { Authenticate } from "./http/authenticate.ts";
import { tracedFetch } from "./http/traced-fetch.ts";
import { Introspection } from "./introspection/introspection.ts";
import { introspectionRoutes } from "./introspection/routes.ts";
import { credentialRefusals, ServiceCredentials } from "./introspection/service-credentials.ts";
import { MailQueue } from "./mail/mail-queue.ts";
import { MailWorker } from "./mail/mail-worker.ts";
import type { Mailer } from "./mail/mailer.ts";
import { SmtpMailer } from "./mail/smtp-mailer.ts";
import { countDoors } from "./metrics/doors.ts";
import { PairingDecisions } from "./pairing/decisions.ts";
import { pairingLetters } from "./pairing/letters.ts";
import { Pairings } from "./pairing/pairings.ts";
import { erase as erasePairings } from "./pairing/queries.ts";
import { pairingRoutes } from "./pairing/routes.ts";
import { Partitions } from "./partitions/partitions.ts";
import { maintenanceDatabase, PartitionUpkeep } from "./partitions/upkeep.ts";
import { PasswordChange } from "./passwords/change.ts";
import { passwordLetters } from "./passwords/letters.ts";
import { passwordRoutes } from "./passwords/password-routes.ts";
import { Passwords } from "./passwords/passwords.ts";
import { PasswordReset } from "./passwords/reset.ts";
import { signInRoutes } from "./passwords/routes.ts";
import { PasswordSignIn } from "./passwords/sign-in.ts";
import { Purges } from "./purges.ts";
import { Regions } from "./regions/regions.ts";
import { regionRoutes } from "./regions/routes.ts";
import { RevocationFeed } from "./revocations/feed.ts";
import { Polling } from "./revocations/polling.ts";
import { Revocations } from "./revocations/revocations.ts";
import { revocationRoutes } from "./revocations/routes.ts";
import { grantRoutes } from "./roles/grant-routes.ts";
import { PermissionGuard } from "./roles/permission-guard.ts";
import { Roles, refuse as refuseRole } from "./roles/roles.ts";
import { roleRoutes } from "./roles/routes.ts";
import { Secrets } from "./secrets.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { FRESH_PROOF_MS, Sessions } from "./sessions/sessions.ts";
import { SignInGuard } from "./sign-in-guard/sign-in-guard.ts";
import { facebookRoutes } from "./social/facebook-routes.ts";
import { socialLetters } from "./social/letters.ts";
import { socialMeRoutes } from "./social/me-routes.ts";
import { socialRoutes } from "./social/routes.ts";
import { socialBase, socialOf } from "./social/social.ts";
import { AccessTokens } from "./tokens/access-tokens.ts";
import { tokenRoutes } from "./tokens/routes.ts";
import { SigningKeys } from "./tokens/signing-keys.ts";

export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  /** Fails answers whose code the contract does not list; tests switch it on. */
  readonly demandDocumentedCodes?: boolean;
  /** Takes mails instead of SMTP. */
  readonly mailer?: Mailer;
  /** Asks the social networks instead of the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** Limits instead of the defaults and the file's. */
  readonly policies?: Policies;
  /** When requests are sent away for the event loop's sake; false for never. */
  readonly shedding?: SheddingOptions | false;
  /** How long a password may wait for a hashing thread, in milliseconds, instead of half a second. */
  readonly longestHashWaitMs?: number;
}

export interface Auth {
  readonly app: Server;
  readonly capabilities: Capabilities;
  /** Makes what must exist before the first request: keys, months. */
  prepare(): Promise<void>;
  /** Mail, purges and other work that no request waits for. */
  startBackground(): void;
  /** Stops the background, then lets go of connections. The server itself is drained first. */
  close(): Promise<void>;
}

export type Capabilities = ReturnType<typeof buildCapabilities>;

export async function buildAuth(surroundings: Surroundings): Promise<Auth> {
  const { config, clock, logger } = surroundings;
  const capabilities = buildCapabilities(surroundings);
  const { db, keys, sessions, authenticate, regions, history, partitions, upkeep, limiter, feed } =
    capabilities;
  const app = await createServer({
    logger,
    now: () => clock.now(),
    trustedProxies: config.trustedProxies,
    trustedTraceNetworks: config.trustedTraceNetworks,
    demandDocumentedCodes: surroundings.demandDocumentedCodes ?? false,
    ...(surroundings.shedding === undefined ? {} : { shedding: surroundings.shedding }),
  });
  await describeContract(app, contractInfo(config.issuer));
  await app.register(limits, {
    limiter,
    trustedProxies: config.trustedProxies,
    refuse: () => common.rate_limited(),
  });
  countDoors(app);
  healthRoutes(app, [{ name: "database", check: async () => (await regions.all()).length > 0 }]);
  tokenRoutes(app, { keys, issuer: config.issuer });
  regionRoutes(app, { regions });
  sessionRoutes(app, { sessions, authenticate, db });
  signUpRoutes(app, capabilities);
  signInRoutes(app, capabilities);
  passwordRoutes(app, capabilities);
  meRoutes(app, { ...capabilities, clock });
  emailRoutes(app, capabilities);
  historyRoutes(app, { history, authenticate });
  await socialRoutes(app, capabilities.social);
  socialMeRoutes(app, capabilities);
  await facebookRoutes(app, capabilities.social);
  captchaRoutes(app, capabilities);
  pairingRoutes(app, { ...capabilities, siteUrl: config.siteUrl });
  roleRoutes(app, capabilities);
  grantRoutes(app, capabilities);
  adminRoutes(app, { ...capabilities, clock });
  await introspectionRoutes(app, { ...capabilities, issuer: config.issuer, audience: config.audience });
  const unfollow = followLimits(config.limitsFile, limiter, logger);
  revocationRoutes(app, {
    ...capabilities,
    credentialRefusals,
    issuer: config.issuer,
    audience: config.audience,
  });
  await docsPage(app);
  return {
    app,
    capabilities,
    prepare: async () => {
      await keys.ensure();
      await partitions.round();
      // What is read once and kept is read now: later it would be read by a transaction that holds a connection already.
      await Promise.all([keys.current(), regions.all(), feed.start()]);
    },
    startBackground: () => {
      upkeep.start();
      capabilities.mailWorker.start();
      capabilities.purges.start();
    },
    close: async () => {
      unfollow();
      feed.stop();
      limiter.close();
      capabilities.redis?.disconnect();
      await upkeep.stop();
      await capabilities.purges.stop();
      await capabilities.newDevices.settled();
      await capabilities.social.revoker.settled();
      await capabilities.mailWorker.stop();
      await capabilities.passwords.close();
      await history.close();
      await db.close();
    },
  };
}

export function followLimits(
  file: string | undefined,
  limiter: Limiter,
  logger: FastifyBaseLogger,
): () => void {
  if (file === undefined) return () => {};
  return followPolicyFile({
    file,
    limiter,
    onChange: () => logger.info({ file }, "limits changed"),
    onMistake: (error) => logger.error({ err: error, file }, "the limits stay as they were"),
  });
}

function buildCapabilities(surroundings: Surroundings) {
  const { config, clock, logger } = surroundings;
  const db = new PostgresDatabase({
    url: config.databaseUrl,
    applicationName: "kinopass-auth",
    maxConnections: config.databaseConnections,
    acquireTimeoutMs: config.databaseWaitMs,
    statementTimeoutMs: config.databaseWaitMs * 2.5,
    lockTimeoutMs: config.databaseWaitMs,
    planCacheMode: "force_generic_plan",
  });
  const secrets = new Secrets({ masters: config.masters, directoryKey: config.directoryKey });
  const directory = new Directory({ db, secrets });
  const regions = new Regions({ db, clock });
  const audit = new Audit({ clock });
  const revocations = new Revocations({ db, clock });
  const keys = new SigningKeys({ db, clock, secrets });
  const accessTokens = new AccessTokens({ keys, clock, issuer: config.issuer, audience: config.audience });
  const sessions = new Sessions({ db, clock, secrets, accessTokens, revocations, audit });
  const authenticate = new Authenticate({ accessTokens, sessions, clock, freshProofMs: FRESH_PROOF_MS });
  const roles = new Roles({ db, clock, audit, revocations });
  const guard = new PermissionGuard({ authenticate, roles });
  const partitions = new Partitions({ db, clock, logger });
  const upkeep = new PartitionUpkeep({
    partitions,
    logger,
    openDatabase: () => maintenanceDatabase(config.databaseUrl),
  });
  const history = new History({ db, clock, secrets, months: partitions, logger });
  const people = buildPeople(surroundings, {
    db,
    secrets,
    directory,
    regions,
    audit,
    revocations,
    sessions,
    authenticate,
    roles,
    history,
  });
  const services = new ServiceCredentials({ db, clock, audit });
  const feed = new RevocationFeed({ db, clock, keys, logger });
  const polling = new Polling({ db, clock, feed, keys, issuer: config.issuer, audience: config.audience });
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl);
  const limiter = new Limiter({
    redis: redis === undefined ? undefined : traceScripts(redis, "token-bucket"),
    namespace: "auth",
    ...(config.limitsFile === undefined ? {} : { policies: readPolicyFile(config.limitsFile) }),
    ...(surroundings.policies === undefined ? {} : { policies: surroundings.policies }),
    secret: secrets.directoryHash("limits", "buckets").toString("base64url"),
    replicas: config.replicas,
    onDecision: countDecision,
    onMode: (mode, because) => logger.warn({ mode, because }, "limits are counted elsewhere now"),
  });
  traceDecisions(limiter);
  const captcha = buildCaptcha(surroundings, { secrets, redis, postgres: people.challenges });
  const captchaDemand = new CaptchaDemand({
    captcha,
    clock,
    failures:
      redis === undefined
        ? new LocalFailures()
        : new SharedFailures({ redis, deadlineMs: CAPTCHA_DEADLINE_MS }),
    homeOf: (network) => secrets.directoryHash("captcha-home", network).toString("base64url"),
    isDegraded: () => limiter.mode === "degraded",
  });
  const signInGuard = new SignInGuard({
    limiter,
    directory,
    captcha,
    secrets,
    clock,
    issuer: config.issuer,
  });
  const introspection = new Introspection({ db, clock, sessions, accessTokens });
  const administration = new Administration({ clock, audit, accounts: people.accounts, roles, sessions });
  const search = new AccountSearch({ db, clock, regions });
  return {
    ...people,
    db,
    secrets,
    directory,
    regions,
    audit,
    revocations,
    keys,
    accessTokens,
    sessions,
    authenticate,
    roles,
    guard,
    partitions,
    upkeep,
    history,
    services,
    feed,
    polling,
    redis,
    limiter,
    captcha,
    captchaDemand,
    signInGuard,
    introspection,
    administration,
    search,
  };
}

/** Challenges live in Redis, and in PostgreSQL where there is none or while it is away. */
const CAPTCHA_DEADLINE_MS = 100;

function buildCaptcha(
  { config, clock, logger }: Surroundings,
  {
    secrets,
    redis,
    postgres,
  }: { secrets: Secrets; redis: ReturnType<typeof connectRedis> | undefined; postgres: PostgresChallenges },
): Captcha {
  const key = secrets.mac("captcha", secrets.newest, "challenges");
  if (key === undefined) throw new Error("The newest master key is gone");
  const onAway = (error: Error) => logger.warn({ err: error }, "captcha challenges go to PostgreSQL for now");
  const store =
    redis === undefined
      ? postgres
      : new FallbackChallenges({
          redis: new RedisChallenges({ redis, policy: CAPTCHA_POLICY, deadlineMs: CAPTCHA_DEADLINE_MS }),
          postgres,
          clock,
          onAway,
        });
  return new Captcha({ store, key, clock, randomBytes, textForm: config.captchaText });
}

interface Ground {
  readonly db: PostgresDatabase;
  readonly secrets: Secrets;
  readonly directory: Directory;
  readonly regions: Regions;
  readonly audit: Audit;
  readonly revocations: Revocations;
  readonly sessions: Sessions;
  readonly authenticate: Authenticate;
  readonly roles: Roles;
  readonly history: History;
}

/** Everything that is kept about an account outside its own row; a new capability adds its line. */
function keepersOf({ db, audit, history, roles, sessions }: Ground): readonly Keeper[] {
  return [
    {
      name: "sessions",
      export: (id) => sessions.list(id),
      move: (tx, id, to) => sessions.move(tx, id, to),
      erase: (tx, id) => sessions.erase(tx, id),
    },
    {
      name: "sign_ins",
      export: (id) => history.exportOf(id),
      erase: (tx, id) => history.erase(tx, id),
    },
    {
      name: "roles",
      refuses: [refuseRole.last_superuser],
      erase: (tx, id) => roles.forget(tx, id),
    },
    {
      name: "pairings",
      erase: async (tx, id) => void (await erasePairings(tx, id)),
    },
    {
      name: "acts",
      export: (id) => audit.of(db, id),
      erase: async (tx, id) => void (await eraseEntries(tx, id)),
    },
  ];
}

/** Accounts, passwords, codes and the mail that goes with them. */
function buildPeople(
  { config, clock, logger, mailer, fetch = globalThis.fetch, longestHashWaitMs }: Surroundings,
  ground: Ground,
) {
  const { db, secrets } = ground;
  const codes = new Codes({ db, clock, secrets });
  const mail = new MailQueue({ clock, secrets });
  const passwords = new Passwords({
    cost: config.hashCost,
    workers: config.hashWorkers,
    ...(longestHashWaitMs === undefined ? {} : { longestWaitMs: longestHashWaitMs }),
  });
  const base = socialBase({
    db,
    clock,
    secrets,
    mail,
    logger,
    fetch: tracedFetch(fetch),
    config: config.social,
  });
  const keepers = [base.links, ...keepersOf(ground)];
  const shared = { ...ground, clock, logger, codes, mail, passwords, keepers };
  const accounts = new Accounts(shared);
  const newDevices = new NewDevices(shared);
  const known = { ...shared, accounts, newDevices };
  const signUp = new SignUp(known);
  const emailChange = new EmailChange(known);
  const passwordReset = new PasswordReset(known);
  const erasure = new Erasure(known);
  const social = socialOf({ ...known, erasure, base, config: config.social, issuer: config.issuer });
  const pairings = new Pairings(known);
  const challenges = new PostgresChallenges({ db, policy: CAPTCHA_POLICY });
  const mailWorker = new MailWorker({
    db,
    clock,
    logger,
    queue: mail,
    mailer: mailer ?? new SmtpMailer({ url: config.smtpUrl, from: config.mailFrom }),
    siteUrl: config.siteUrl,
    letters: { ...accountLetters, ...passwordLetters, ...socialLetters, ...pairingLetters },
    checks: {
      sign_up: (job) => signUp.checkMail(job),
      email_change: (job) => emailChange.checkMail(job),
      password_reset: (job) => passwordReset.checkMail(job),
    },
  });
  const purges = new Purges({
    logger,
    purges: {
      codes: () => codes.purge(),
      sessions: () => ground.sessions.purge(),
      revocations: () => ground.revocations.purge(),
      social: () => social.purge(),
      pairings: () => pairings.purge(),
      captcha: () => challenges.purge({ now: clock.now(), limit: 1000 }),
    },
  });
  return {
    codes,
    mail,
    mailWorker,
    passwords,
    keepers,
    accounts,
    newDevices,
    purges,
    signUp,
    emailChange,
    passwordReset,
    signIn: new PasswordSignIn(known),
    passwordChange: new PasswordChange(known),
    profile: new Profile(known),
    erasure,
    social,
    pairings,
    challenges,
    decisions: new PairingDecisions(known),
  };
}
