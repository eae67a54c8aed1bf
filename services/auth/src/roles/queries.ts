import { statement } from "@kinopass/postgres";

/** Whoever administers roles takes turns: a rule that was checked must still hold when it is acted on. */
export const lockRoles = statement<never>(
  "roles.lock",
  "select pg_advisory_xact_lock(hashtext('auth.roles'))",
);

export interface RoleRow {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly description: string;
  readonly built_in: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const SHOWN = "name, permissions, description, built_in, created_at, updated_at";

export const findRole = statement<RoleRow>("roles.find", `select ${SHOWN} from auth.roles where name = $1`);

export const rolesAfter = statement<RoleRow>(
  "roles.page",
  `select ${SHOWN} from auth.roles where name > $1 order by name limit $2`,
);

/** One partition of the grants; the roles are a small table beside them. */
export const permissionsOf = statement<{ readonly permission: string }>(
  "roles.permissions_of",
  `select distinct unnest(role.permissions) as permission
     from auth.role_grants as held
     join auth.roles as role on role.name = held.role_name
    where held.account_id = $1`,
);

export const insertRole = statement<RoleRow>(
  "roles.insert",
  `insert into auth.roles (name, permissions, description, created_at, updated_at) values ($1, $2, $3, $4, $4)
   on conflict do nothing
   returning ${SHOWN}`,
);

export const updateRole = statement<RoleRow>(
  "roles.update",
  `update auth.roles set permissions = $2, description = $3, updated_at = $4 where name = $1 returning ${SHOWN}`,
);

/** A grant that still names it stops it: the foreign key decides, not a look beforehand. */
/** As access tokens name them. */
export const heldRoles = statement<{ readonly role_name: string }>(
  "roles.held",
  "select role_name from auth.role_grants where account_id = $1 order by role_name",
);

export const deleteRole = statement<never>("roles.delete", "delete from auth.roles where name = $1");

export const insertGrant = statement<{ readonly role_name: string }>(
  "roles.grant",
  `insert into auth.role_grants (account_id, role_name, granted_at, granted_by) values ($1, $2, $3, $4)
   on conflict do nothing
   returning role_name`,
);

export const deleteGrant = statement<{ readonly role_name: string }>(
  "roles.revoke",
  "delete from auth.role_grants where account_id = $1 and role_name = $2 returning role_name",
);

export const deleteGrants = statement<{ readonly role_name: string }>(
  "roles.revoke_all",
  "delete from auth.role_grants where account_id = $1 returning role_name",
);

/** Whether anybody but $1 could still administer. All partitions, by index: a handful of rows, seldom asked. */
export const hasOtherSuperuser = statement<{ readonly found: boolean }>(
  "roles.has_other_superuser",
  `select exists (
     select from auth.role_grants as held
       join auth.accounts as account on account.id = held.account_id
      where held.role_name = 'superuser' and held.account_id <> $1 and account.status = 'active') as found`,
);
