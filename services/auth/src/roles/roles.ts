/**
 * A role is a named set of permissions; other services see the names in access tokens, Auth itself
 * asks the database at every act of an administrator, so that what was taken away is gone at once.
 *
 * Nobody gives, takes or writes a permission they do not hold themselves, nobody acts on an account
 * that holds more than they do, and there is always a superuser left who can sign in. All of it is
 * checked again inside the transaction, under one lock for everybody who administers roles.
 */
import { type Database, DatabaseRefusal, type PostgresDatabase, type Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { type AccountId, NIL_ACCOUNT } from "../ids.ts";
import type { Revocations } from "../revocations/revocations.ts";
import { beyond, type Permission, permits } from "./permissions.ts";
import * as queries from "./queries.ts";
import { refuse } from "./refusals.ts";

export type { RoleRow } from "./queries.ts";
export { refuse } from "./refusals.ts";

export const SUPERUSER = "superuser";
const FOREIGN_KEY_VIOLATION = "23503";

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly revocations: Revocations;
}

export class Roles {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #audit: Audit;
  readonly #revocations: Revocations;

  constructor({ db, clock, audit, revocations }: Dependencies) {
    this.#db = db;
    this.#clock = clock;
    this.#audit = audit;
    this.#revocations = revocations;
  }

  /** Roles by name, after a given one. */
  async list(after: string, size: number): Promise<readonly queries.RoleRow[]> {
    return (await queries.rolesAfter(this.#db, after, size)).rows;
  }

  async find(name: string, db: Database = this.#db): Promise<queries.RoleRow> {
    const { rows } = await queries.findRole(db, name);
    if (rows[0] === undefined) throw refuse.role_not_found();
    return rows[0];
  }

  async permissionsOf(accountId: AccountId, db: Database = this.#db): Promise<ReadonlySet<string>> {
    return new Set((await queries.permissionsOf(db, accountId)).rows.map(({ permission }) => permission));
  }

  @trace("roles.create")
  async create(
    actor: Actor,
    {
      name,
      permissions,
      description,
    }: { name: string; permissions: readonly Permission[]; description: string },
  ): Promise<queries.RoleRow> {
    return await this.#administer(async (tx) => {
      await this.#demand(tx, actor, "roles:write", permissions);
      const { rows } = await queries.insertRole(tx, name, permissions, description, this.#clock.now());
      if (rows[0] === undefined) throw refuse.role_exists();
      await this.#note(tx, "role.created", actor, NIL_ACCOUNT, { role: name, permissions });
      return rows[0];
    });
  }

  @trace("roles.update")
  async update(
    actor: Actor,
    name: string,
    change: { permissions?: readonly Permission[]; description?: string },
  ): Promise<queries.RoleRow> {
    return await this.#administer(async (tx) => {
      const role = await this.find(name, tx);
      const permissions = change.permissions ?? role.permissions;
      await this.#demand(tx, actor, "roles:write", [...role.permissions, ...permissions]);
      if (role.built_in) throw refuse.role_built_in();
      const description = change.description ?? role.description;
      const { rows } = await queries.updateRole(tx, name, permissions, description, this.#clock.now());
      await this.#note(tx, "role.changed", actor, NIL_ACCOUNT, { role: name, permissions });
      return rows[0] ?? role;
    });
  }

  @trace("roles.remove")
  async remove(actor: Actor, name: string): Promise<void> {
    try {
      await this.#administer(async (tx) => {
        const role = await this.find(name, tx);
        await this.#demand(tx, actor, "roles:write", role.permissions);
        if (role.built_in) throw refuse.role_built_in();
        await queries.deleteRole(tx, name);
        await this.#note(tx, "role.deleted", actor, NIL_ACCOUNT, { role: name });
      });
    } catch (error) {
      const inUse = error instanceof DatabaseRefusal && error.sqlState === FOREIGN_KEY_VIOLATION;
      throw inUse ? refuse.role_in_use({ cause: error }) : error;
    }
  }

  /**
   * Gives a role, in a transaction that holds the account's row. A second time changes nothing.
   * Access tokens issued so far tell an old story: services are told to have them refreshed.
   */
  async grant(tx: Transaction, actor: Actor, accountId: AccountId, name: string): Promise<void> {
    await queries.lockRoles(tx);
    const role = await this.find(name, tx);
    await this.#demand(tx, actor, "roles:grant", role.permissions);
    const { rows } = await queries.insertGrant(tx, accountId, name, this.#clock.now(), nameOf(actor));
    if (rows.length === 0) return;
    await this.#note(tx, "role.granted", actor, accountId, { role: name });
    await this.#tellServices(tx, accountId, "role_granted");
  }

  /** Takes a role away, in a transaction that holds the account's row. */
  async revoke(tx: Transaction, actor: Actor, accountId: AccountId, name: string): Promise<void> {
    await queries.lockRoles(tx);
    const role = await this.find(name, tx);
    await this.#demand(tx, actor, "roles:grant", role.permissions);
    const { rows } = await queries.deleteGrant(tx, accountId, name);
    if (rows.length === 0) throw refuse.role_not_granted();
    if (name === SUPERUSER) await this.#demandOtherSuperuser(tx, accountId);
    await this.#note(tx, "role.revoked", actor, accountId, { role: name });
    await this.#tellServices(tx, accountId, "role_revoked");
  }

  async #tellServices(tx: Transaction, accountId: AccountId, because: string): Promise<void> {
    const { rows } = await queries.heldRoles(tx, accountId);
    const roles = rows.map(({ role_name }) => role_name);
    await this.#revocations.ofClaims(tx, accountId, { roles }, because);
  }

  /** For whoever is about to disable an account: refuses where it is the last superuser who can sign in. */
  async keepASuperuser(tx: Transaction, accountId: AccountId): Promise<void> {
    await queries.lockRoles(tx);
    if ((await this.permissionsOf(accountId, tx)).has("*")) await this.#demandOtherSuperuser(tx, accountId);
  }

  /** Takes all roles from an account that is being erased; refuses where it is the last superuser. */
  async forget(tx: Transaction, accountId: AccountId): Promise<void> {
    await queries.lockRoles(tx);
    const { rows } = await queries.deleteGrants(tx, accountId);
    const wasSuperuser = rows.some(({ role_name }) => role_name === SUPERUSER);
    if (wasSuperuser) await this.#demandOtherSuperuser(tx, accountId);
  }

  /** The actor has the permission, now, and holds whatever the other account holds. */
  async demandAuthorityOver(
    tx: Transaction,
    actor: Actor,
    permission: Permission,
    accountId: AccountId,
  ): Promise<void> {
    await this.#demand(tx, actor, permission, await this.permissionsOf(accountId, tx));
  }

  async #demand(
    tx: Transaction,
    actor: Actor,
    permission: Permission,
    concerned: Iterable<string>,
  ): Promise<void> {
    // Whoever sits at the console has the database and the keys: there is nothing to hold back.
    if (actor.kind === "console") return;
    if (actor.kind !== "account") throw refuse.permission_required();
    const own = await this.permissionsOf(actor.id, tx);
    if (!permits(own, permission)) throw refuse.permission_required({ members: { permission } });
    const missing = beyond(own, concerned);
    if (missing.length > 0) throw refuse.permission_not_held({ members: { permissions: missing } });
  }

  async #demandOtherSuperuser(tx: Transaction, accountId: AccountId): Promise<void> {
    const { rows } = await queries.hasOtherSuperuser(tx, accountId);
    if (rows[0]?.found !== true) throw refuse.last_superuser();
  }

  async #administer<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction(async (tx) => {
      await queries.lockRoles(tx);
      return await work(tx);
    });
  }

  async #note(
    tx: Transaction,
    action: `role.${string}`,
    actor: Actor,
    accountId: AccountId,
    details: Readonly<Record<string, string | readonly string[]>>,
  ): Promise<void> {
    await this.#audit.record(tx, { action, accountId, actor, details });
  }
}

function nameOf(actor: Actor): string {
  return actor.kind === "account" || actor.kind === "service" ? actor.id : actor.kind;
}
