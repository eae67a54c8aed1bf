/** What every capability stands on: the database and its secrets, who and where people are, sessions and their tokens. */
import { type DatabaseOptions, PostgresDatabase, Pulse, Urgent } from "@kinopass/postgres";
import { Audit } from "../audit/audit.ts";
import { Directory } from "../directory/directory.ts";
import { History } from "../history/history.ts";
import { Authenticate } from "../http/authenticate.ts";
import { Partitions } from "../partitions/partitions.ts";
import { maintenanceDatabase, PartitionUpkeep } from "../partitions/upkeep.ts";
import { Regions } from "../regions/regions.ts";
import { Revocations } from "../revocations/revocations.ts";
import { PermissionGuard } from "../roles/permission-guard.ts";
import { Roles } from "../roles/roles.ts";
import { Secrets } from "../secrets.ts";
import { OwedEndings } from "../sessions/owed-endings.ts";
import { FRESH_PROOF_MS, Sessions } from "../sessions/sessions.ts";
import { SigningOut } from "../sessions/signing-out.ts";
import { AccessTokens } from "../tokens/access-tokens.ts";
import { SigningKeys } from "../tokens/signing-keys.ts";
import type { Surroundings } from "./surroundings.ts";

/** For signing out while all others are taken. */
const URGENT_CONNECTIONS = 2;

export type Ground = ReturnType<typeof buildGround>;

export function buildGround({ config, clock, logger }: Surroundings) {
  const pool: DatabaseOptions = {
    url: config.databaseUrl,
    applicationName: "kinopass-auth",
    maxConnections: config.databaseConnections,
    acquireTimeoutMs: config.databaseWaitMs,
    statementTimeoutMs: config.databaseWaitMs * 2.5,
    lockTimeoutMs: config.databaseWaitMs,
    planCacheMode: "force_generic_plan",
  };
  const db = new PostgresDatabase(pool);
  const urgent = new Urgent(db, new PostgresDatabase({ ...pool, maxConnections: URGENT_CONNECTIONS }));
  const secrets = new Secrets({ masters: config.masters, directoryKey: config.directoryKey });
  const directory = new Directory({ db, secrets });
  const regions = new Regions({ db, clock });
  const audit = new Audit({ clock });
  const revocations = new Revocations({ db, clock });
  const keys = new SigningKeys({ db, clock, secrets });
  const accessTokens = new AccessTokens({ keys, clock, issuer: config.issuer, audience: config.audience });
  const sessions = new Sessions({ db, urgent, clock, secrets, accessTokens, revocations, audit });
  const signingOut = new SigningOut({ urgent, clock, sessions, audit, logger });
  const owedEndings = new OwedEndings({ db, revocations, logger });
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
  return {
    db,
    urgent,
    pulse: new Pulse(urgent),
    secrets,
    directory,
    regions,
    audit,
    revocations,
    keys,
    accessTokens,
    sessions,
    signingOut,
    owedEndings,
    authenticate,
    roles,
    guard,
    partitions,
    upkeep,
    history,
  };
}
