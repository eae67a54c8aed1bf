import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import { type Accounts, refuse as refuseAccount } from "../accounts/accounts.ts";
import { memberSecurity } from "../http/authenticate.ts";
import type { AccountId } from "../ids.ts";
import { freshPermissionRefusals, type PermissionGuard } from "./permission-guard.ts";
import { type Roles, refuse } from "./roles.ts";
import { GrantParams } from "./schemas.ts";

interface Dependencies {
  readonly roles: Roles;
  readonly guard: PermissionGuard;
  readonly accounts: Accounts;
}

const tags = ["roles"];
const security = memberSecurity;
const limit = { class: "admin" } as const;
const grantRefusals = [
  ...freshPermissionRefusals,
  refuse.permission_not_held,
  refuse.role_not_found,
  refuseAccount.account_not_found,
];

export function grantRoutes(app: Server, { roles, guard, accounts }: Dependencies): void {
  app.put(
    "/v1/accounts/:id/roles/:name",
    {
      config: { limit, refuses: grantRefusals },
      schema: {
        operationId: "grantRole",
        summary: "Give an account a role (needs `roles:grant` and all that the role permits)",
        description:
          "Needs a sign-in of the last ten minutes. Tokens issued so far do not show the role; a refresh brings it.",
        tags,
        security,
        params: GrantParams,
        response: { 204: Type.Null({ description: "The account has the role" }) },
      },
    },
    async (request, reply) => {
      const actor = await guard.requireFreshPermission(request, "roles:grant");
      const { id, name } = request.params;
      await accounts.underLock(id as AccountId, (tx, account) => roles.grant(tx, actor, account.id, name));
      return reply.code(204).send(null);
    },
  );

  app.delete(
    "/v1/accounts/:id/roles/:name",
    {
      config: { limit, refuses: [...grantRefusals, refuse.role_not_granted, refuse.last_superuser] },
      schema: {
        operationId: "revokeRole",
        summary: "Take a role away (needs `roles:grant` and all that the role permits)",
        description:
          "Needs a sign-in of the last ten minutes. The last superuser who can sign in keeps the role.",
        tags,
        security,
        params: GrantParams,
        response: { 204: Type.Null({ description: "The account no longer has the role" }) },
      },
    },
    async (request, reply) => {
      const actor = await guard.requireFreshPermission(request, "roles:grant");
      const { id, name } = request.params;
      await accounts.underLock(id as AccountId, (tx, account) => roles.revoke(tx, actor, account.id, name));
      return reply.code(204).send(null);
    },
  );
}
