import { pageOf, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { refuse as refuseAccount } from "../accounts/accounts.ts";
import { actingOf } from "../accounts/acting.ts";
import {
  type Authenticate,
  memberRefusals,
  memberSecurity,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { UUID_PATTERN } from "../ids.ts";
import { linkRoutes } from "./link-routes.ts";
import type { SocialAccountId, SocialAccountRow } from "./links.ts";
import { refuse } from "./refusals.ts";
import type { Social } from "./social.ts";

const tags = ["social"];
const security = memberSecurity;
const limit = { class: "reads" } as const;

const SocialAccount = Type.Object({
  id: Type.String(),
  provider: Type.String(),
  display_name: Type.Union([Type.String(), Type.Null()], { description: "How the person is called there" }),
  avatar_url: Type.Union([Type.String(), Type.Null()]),
  usable: Type.Boolean({
    description:
      "False where it signs nobody in: its provider is off, or it waits to be linked anew after a password reset",
  }),
  created_at: Type.String({ format: "date-time" }),
  last_used_at: Type.String({ format: "date-time" }),
});

const EXAMPLE = {
  id: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
  provider: "vk",
  display_name: "Анна Примерова",
  avatar_url: null,
  usable: true,
  created_at: "2026-03-01T12:00:00.000Z",
  last_used_at: "2026-03-01T12:30:00.000Z",
};

/** Social accounts in the personal cabinet. */
export function socialMeRoutes(
  app: Server,
  { social, authenticate }: { readonly social: Social; readonly authenticate: Authenticate },
): void {
  listRoute(app, social, authenticate);
  linkRoutes(app, social, authenticate);
  unlinkRoute(app, social, authenticate);
}

function listRoute(app: Server, { links, providers }: Social, authenticate: Authenticate): void {
  const show = (row: SocialAccountRow) => ({
    id: row.id,
    provider: row.provider,
    display_name: row.display_name,
    avatar_url: row.avatar_url,
    usable: row.paused_at === null && providers.has(row.provider),
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at.toISOString(),
  });
  app.get(
    "/v1/me/social-accounts",
    {
      config: { limit, refuses: memberRefusals },
      schema: {
        operationId: "listSocialAccounts",
        summary: "My linked social accounts, oldest first",
        tags,
        security,
        response: {
          200: Type.Object(pageOf(SocialAccount).properties, {
            examples: [{ items: [EXAMPLE], next_cursor: null }],
          }),
        },
      },
    },
    async (request) => {
      const { accountId } = await authenticate.member(request);
      return { items: (await links.list(accountId)).map(show), next_cursor: null };
    },
  );
}

function unlinkRoute(app: Server, { linking }: Social, authenticate: Authenticate): void {
  app.delete(
    "/v1/me/social-accounts/:id",
    {
      config: {
        limit,
        refuses: [
          ...memberRefusals,
          refuseMember.reauth_required,
          refuseAccount.account_not_found,
          refuse.social_account_not_found,
          refuse.last_way_in,
        ],
      },
      schema: {
        operationId: "unlinkSocialAccount",
        summary: "Unlink a social account",
        description:
          "Needs a sign-in of the last ten minutes. Devices that came in by this provider are signed out, this one too if it did. Our permission is taken back at the provider where there is a way. The last way in stays: 409 `last_way_in` says in `do_first` what to do before.",
        tags,
        security,
        params: Type.Object({
          id: Type.String({ pattern: UUID_PATTERN, examples: ["0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f"] }),
        }),
        response: { 204: Type.Null({ description: "Unlinked" }) },
      },
    },
    async (request, reply) => {
      const acting = actingOf(await authenticate.freshMember(request), request);
      await linking.unlink(acting, request.params.id as SocialAccountId);
      return reply.code(204).send(null);
    },
  );
}
