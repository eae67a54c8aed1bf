import { invalidInput, pageOf, type Server, type Texts } from "@kinopass/http";
import { Type } from "typebox";
import { type Accounts, refuse as refuseAccount } from "../accounts/accounts.ts";
import type { Clock } from "../clock.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import { memberSecurity } from "../http/authenticate.ts";
import type { AccountId } from "../ids.ts";
import { type Regions, refuse as refuseRegion } from "../regions/regions.ts";
import { type PermissionGuard, permissionRefusals } from "../roles/permission-guard.ts";
import { refuse as refuseRole } from "../roles/roles.ts";
import type { AccountSearch, ListedRow } from "./account-search.ts";
import type { Administration } from "./administration.ts";
import { AccountParams, AccountQuery, AdminAccount, EXAMPLE, show } from "./schemas.ts";

interface Dependencies {
  readonly administration: Administration;
  readonly search: AccountSearch;
  readonly accounts: Accounts;
  readonly regions: Regions;
  readonly guard: PermissionGuard;
  readonly clock: Clock;
}

const tags = ["admin"];
const security = memberSecurity;
const limit = { class: "admin" } as const;
const actRefusals = [...permissionRefusals, refuseRole.permission_not_held, refuseAccount.account_not_found];

export function adminRoutes(app: Server, dependencies: Dependencies): void {
  readRoutes(app, dependencies);
  actRoutes(app, dependencies);
}

function readRoutes(app: Server, { search, accounts, regions, guard, clock }: Dependencies): void {
  const shown = async (row: ListedRow) => show(row, await regions.slugOf(row.region), clock.now());

  app.get(
    "/v1/accounts",
    {
      config: {
        limit,
        refuses: [...permissionRefusals, refuseRegion.region_unknown, refuseEmail.email_invalid],
      },
      schema: {
        operationId: "findAccounts",
        summary: "Accounts by exact e-mail, or of a region (needs `accounts:read`)",
        description:
          "Either `email` alone, or `region`, `age_ceiling` or both. A region is listed newest first, an age by birth date, region after region where none is given. There is no search by part of an address.",
        tags,
        security,
        querystring: AccountQuery,
        response: {
          200: Type.Object(pageOf(AdminAccount).properties, {
            examples: [{ items: [EXAMPLE], next_cursor: null }],
          }),
        },
      },
    },
    async (request) => {
      await guard.requirePermission(request, "accounts:read");
      const { email, region, age_ceiling: ageCeiling, cursor, page_size: size = 20 } = request.query;
      if (email !== undefined) {
        if (region !== undefined || ageCeiling !== undefined || cursor !== undefined)
          throw unclear({
            en: "An address is looked for alone: leave region, age_ceiling and cursor out",
            ru: "Адрес ищут отдельно: уберите region, age_ceiling и cursor",
          });
        const found = await accounts.findByEmail(parseEmail(email));
        return { items: found === undefined ? [] : [await shown(found)], next_cursor: null };
      }
      if (region === undefined && ageCeiling === undefined)
        throw unclear({
          en: "Give email, or region, or age_ceiling",
          ru: "Укажите email, или region, или age_ceiling",
        });
      const page = await search.find({ region, ageCeiling, cursor, size });
      return { items: await Promise.all(page.items.map(shown)), next_cursor: page.nextCursor };
    },
  );

  app.get(
    "/v1/accounts/:id",
    {
      config: { limit, refuses: [...permissionRefusals, refuseAccount.account_not_found] },
      schema: {
        operationId: "getAccount",
        summary: "An account (needs `accounts:read`)",
        tags,
        security,
        params: AccountParams,
        response: { 200: AdminAccount },
      },
    },
    async (request) => {
      await guard.requirePermission(request, "accounts:read");
      const account = await accounts.find(request.params.id as AccountId);
      if (account === undefined) throw refuseAccount.account_not_found();
      return await shown(account);
    },
  );
}

function actRoutes(app: Server, { administration, regions, guard, clock }: Dependencies): void {
  app.patch(
    "/v1/accounts/:id",
    {
      config: { limit, refuses: [...actRefusals, refuseRole.last_superuser] },
      schema: {
        operationId: "setAccountStatus",
        summary: "Disable or enable an account (needs `accounts:write`)",
        description:
          "A disabled account is signed out everywhere at once and cannot sign in. Its data stays.",
        tags,
        security,
        params: AccountParams,
        body: Type.Object(
          { status: Type.Union([Type.Literal("active"), Type.Literal("disabled")]) },
          { examples: [{ status: "disabled" }] },
        ),
        response: { 200: AdminAccount },
      },
    },
    async (request) => {
      const actor = await guard.requirePermission(request, "accounts:write");
      const account = await administration.setStatus(
        actor,
        request.params.id as AccountId,
        request.body.status,
      );
      return show(account, await regions.slugOf(account.region), clock.now());
    },
  );

  app.delete(
    "/v1/accounts/:id/sessions",
    {
      config: { limit, refuses: actRefusals },
      schema: {
        operationId: "signOutAccount",
        summary: "Sign an account out everywhere (needs `sessions:end`)",
        tags,
        security,
        params: AccountParams,
        response: { 204: Type.Null({ description: "No session of the account is left" }) },
      },
    },
    async (request, reply) => {
      const actor = await guard.requirePermission(request, "sessions:end");
      await administration.signOut(actor, request.params.id as AccountId);
      return reply.code(204).send(null);
    },
  );
}

function unclear(message: Texts) {
  return invalidInput({ at: "/query", message });
}
