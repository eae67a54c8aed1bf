import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { actingOf } from "../accounts/acting.ts";
import {
  type Authenticate,
  memberRefusals,
  memberSecurity,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { demandProvider, demandReturnTo } from "./demands.ts";
import { ChallengeField, ProviderParams, ReturnToField, VerifierField } from "./fields.ts";
import { refuse } from "./refusals.ts";
import { isAppAddress } from "./return-to.ts";
import type { Social } from "./social.ts";

const tags = ["social"];
const security = memberSecurity;

/** Linking: away to the provider, and back. */
export function linkRoutes(app: Server, social: Social, authenticate: Authenticate): void {
  linkRoute(app, social, authenticate);
  confirmRoute(app, social, authenticate);
}

function linkRoute(app: Server, social: Social, authenticate: Authenticate): void {
  app.post(
    "/v1/me/social-accounts/:provider",
    {
      // Everything in the body may be left out, and so may the body.
      preValidation: async (request) => {
        request.body ??= {};
      },
      config: {
        limit: { class: "social" },
        refuses: [
          ...memberRefusals,
          refuseMember.reauth_required,
          refuse.provider_unknown,
          refuse.return_to_not_allowed,
          refuse.code_challenge_needed,
        ],
      },
      schema: {
        operationId: "linkSocialAccount",
        summary: "Begin to link a social account: where to send the browser",
        description:
          "Needs a sign-in of the last ten minutes. Bound to this session. Two ways to finish. In a browser that keeps this answer's cookie, the link is made on the way back (`?linked=`). With a code_challenge (apps, servers of sites) `return_to` gets `?code=`, and this same session confirms it with the verifier. Linking a social account again after a password reset makes it usable again.",
        tags,
        security,
        params: ProviderParams,
        body: Type.Object(
          { return_to: Type.Optional(ReturnToField), code_challenge: Type.Optional(ChallengeField) },
          { examples: [{ return_to: "https://kinopass.example/cabinet" }] },
        ),
        response: {
          200: Type.Object(
            { authorize_url: Type.String() },
            { examples: [{ authorize_url: "https://id.vk.ru/authorize?response_type=code&state=…" }] },
          ),
        },
      },
    },
    async (request, reply) => {
      const { accountId, sessionId } = await authenticate.freshMember(request);
      const provider = demandProvider(social, request.params.provider);
      const { return_to: asked, code_challenge: challenge } = request.body;
      const returnTo = demandReturnTo(social, asked);
      if (isAppAddress(returnTo) && challenge === undefined) throw refuse.code_challenge_needed();
      const url = await social.flows.begin(provider, {
        purpose: { kind: "link", accountId, sessionId },
        returnTo,
        challenge: challenge ?? null,
        browser: challenge === undefined ? social.mark.give(request, reply) : null,
        language: chooseLanguage(request.headers["accept-language"]),
      });
      return { authorize_url: url.href };
    },
  );
}

function confirmRoute(app: Server, { linking }: Social, authenticate: Authenticate): void {
  app.post(
    "/v1/me/social-accounts/:provider/confirm",
    {
      config: {
        limit: { class: "social" },
        refuses: [
          ...memberRefusals,
          refuse.social_code_invalid,
          refuse.linked_elsewhere,
          refuse.too_many_links,
        ],
      },
      schema: {
        operationId: "confirmSocialLink",
        summary: "Finish linking with the code from return_to",
        description: "Only with the session and the verifier that began it.",
        tags,
        security,
        params: ProviderParams,
        body: Type.Object(
          { code: Type.String({ minLength: 1, maxLength: 200 }), code_verifier: VerifierField },
          { examples: [{ code: `kp_sc_${"A".repeat(43)}`, code_verifier: "v".repeat(43) }] },
        ),
        response: { 204: Type.Null({ description: "Linked" }) },
      },
    },
    async (request, reply) => {
      const acting = actingOf(await authenticate.member(request), request);
      const { code, code_verifier: verifier } = request.body;
      await linking.confirm(acting, request.params.provider, code, verifier);
      return reply.code(204).send(null);
    },
  );
}
