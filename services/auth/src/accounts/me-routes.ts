import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import type { Clock } from "../clock.ts";
import {
  type Authenticate,
  memberRefusals,
  memberSecurity,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { type Regions, refuse as refuseRegion } from "../regions/regions.ts";
import { ageCeilingOf } from "../sessions/age.ts";
import { type AccountRow, refuse } from "./accounts.ts";
import { actingOf } from "./acting.ts";
import { refuse as refuseBirthDate } from "./birth-date.ts";
import type { Erasure } from "./erasure.ts";
import { BirthDateField, DisplayNameField, LocaleField, RegionField } from "./fields.ts";
import type { Keeper } from "./keepers.ts";
import type { Profile } from "./profile.ts";

interface Dependencies {
  readonly profile: Profile;
  readonly erasure: Erasure;
  readonly authenticate: Authenticate;
  readonly regions: Regions;
  readonly keepers: readonly Keeper[];
  readonly clock: Clock;
}

const EXAMPLE = {
  id: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
  email: "anna@example.com",
  display_name: "Анна",
  birth_date: "1990-05-17",
  age_ceiling: 18,
  region: "ru_volga",
  locale: "ru" as const,
  roles: ["subscriber"],
  has_password: true,
  created_at: "2026-03-01T12:00:00.000Z",
};

const orNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const Me = Type.Object(
  {
    id: Type.String(),
    email: orNull("Null for an account that came from a social network and never gave one"),
    display_name: orNull("As other people see it"),
    birth_date: orNull("YYYY-MM-DD"),
    age_ceiling: Type.Integer({
      description: "Highest age rating this person may watch: 0, 6, 12, 16 or 18",
    }),
    region: Type.String(),
    locale: Type.String(),
    roles: Type.Array(Type.String()),
    has_password: Type.Boolean(),
    created_at: Type.String({ format: "date-time" }),
  },
  { examples: [EXAMPLE] },
);

const tags = ["accounts"];
const security = memberSecurity;
const limit = { class: "reads" } as const;

export function meRoutes(app: Server, given: Dependencies): void {
  const { authenticate, profile, regions, clock } = given;
  const show = async (account: AccountRow) => ({
    id: account.id,
    email: account.email,
    display_name: account.display_name,
    birth_date: account.birth_date,
    age_ceiling: ageCeilingOf(account.birth_date, clock.now()),
    region: await regions.slugOf(account.region),
    locale: account.locale,
    roles: [...account.roles],
    has_password: account.password_hash !== null,
    created_at: account.created_at.toISOString(),
  });

  app.get(
    "/v1/me",
    {
      config: { limit, refuses: [...memberRefusals, refuse.account_not_found] },
      schema: {
        operationId: "getMe",
        summary: "My account",
        tags,
        security,
        response: { 200: Me },
      },
    },
    async (request) => await show(await profile.show((await authenticate.member(request)).accountId)),
  );

  app.patch(
    "/v1/me",
    {
      config: {
        limit,
        refuses: [
          ...memberRefusals,
          refuse.account_not_found,
          refuseBirthDate.birth_date_invalid,
          refuseRegion.region_unknown,
        ],
      },
      schema: {
        operationId: "changeMe",
        summary: "Change my name, birth date, region or language",
        description:
          "Null takes a name or a birth date away. After a change of the birth date refresh: access tokens issued before tell the old age.",
        tags,
        security,
        body: Type.Object(
          {
            display_name: Type.Optional(Type.Union([DisplayNameField, Type.Null()])),
            birth_date: Type.Optional(Type.Union([BirthDateField, Type.Null()])),
            region: Type.Optional(RegionField),
            locale: Type.Optional(LocaleField),
          },
          { minProperties: 1, examples: [{ display_name: "Анна", region: "ru_siberia" }] },
        ),
        response: { 200: Me },
      },
    },
    async (request) => {
      const { member, actor } = actingOf(await authenticate.member(request), request);
      const { display_name: displayName, birth_date: birthDate, region, locale } = request.body;
      const change = { displayName, birthDate, region, locale };
      return await show(await profile.change(member.accountId, change, actor));
    },
  );
  leaveRoutes(app, given);
}

function leaveRoutes(app: Server, { authenticate, erasure, keepers }: Dependencies): void {
  app.delete(
    "/v1/me",
    {
      config: {
        limit,
        refuses: [
          ...memberRefusals,
          refuseMember.reauth_required,
          refuse.account_not_found,
          ...keepers.flatMap((keeper) => keeper.refuses ?? []),
        ],
      },
      schema: {
        operationId: "eraseMe",
        summary: "Erase my account and everything kept about it",
        description: "Needs a sign-in of the last ten minutes. Cannot be undone.",
        tags,
        security,
        response: { 204: Type.Null({ description: "Erased" }) },
      },
    },
    async (request, reply) => {
      const { member, actor } = actingOf(await authenticate.freshMember(request), request);
      await erasure.erase(member.accountId, actor);
      return reply.code(204).header("clear-site-data", '"cookies", "storage"').send(null);
    },
  );

  app.get(
    "/v1/me/export",
    {
      config: { limit, refuses: [...memberRefusals, refuse.account_not_found] },
      schema: {
        operationId: "exportMe",
        summary: "Everything that is kept about me",
        tags,
        security,
        response: {
          200: Type.Object(
            { exported_at: Type.String({ format: "date-time" }) },
            {
              additionalProperties: true,
              description: "The account, and a member for each kind of thing that is kept with it",
              examples: [
                { exported_at: "2026-03-01T12:00:00.000Z", account: EXAMPLE, sessions: [], sign_ins: [] },
              ],
            },
          ),
        },
      },
    },
    async (request, reply) => {
      const { accountId } = await authenticate.member(request);
      const held = await erasure.export(accountId);
      return reply
        .header("content-disposition", 'attachment; filename="kinopass.json"')
        .send(held as { exported_at: string });
    },
  );
}
