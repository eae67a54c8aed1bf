import type { Server } from "@kinopass/http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { clientOf } from "../http/client.ts";
import { demandProvider } from "./demands.ts";
import { ProviderParams } from "./fields.ts";
import { readPostedForms } from "./form-bodies.ts";
import { refuse } from "./refusals.ts";
import type { Social } from "./social.ts";

const tags = ["social"];
const limit = { class: "reads" } as const;

/** By GET, and by POST for providers that post a form; either way the browser moves on by GET (RFC 9700 §4.12). */
export function callbackRoutes(scope: Server, social: Social): void {
  readPostedForms(scope);
  const finish = async (request: FastifyRequest, reply: FastifyReply, name: string, params: unknown) => {
    const provider = demandProvider(social, name);
    const next = await social.flows.finish(provider, {
      params: (params ?? {}) as Record<string, unknown>,
      client: clientOf(request),
      fitsBrowser: (kept) => social.mark.fits(request, kept),
    });
    return reply.redirect(next, 303);
  };
  const config = {
    limit,
    refuses: [refuse.provider_unknown, refuse.social_flow_unknown, refuse.social_callback_invalid],
  };
  const response = { 303: Type.Null({ description: "To return_to with `code`, `linked` or `error`" }) };
  const AnyFields = Type.Object({}, { additionalProperties: true, examples: [{ code: "…", state: "…" }] });
  const description = "Registered at the provider as its redirect address; called by browsers alone.";
  scope.get(
    "/v1/social/:provider/callback",
    {
      exposeHeadRoute: false,
      config,
      schema: {
        operationId: "finishSocialSignIn",
        summary: "Where a social network sends the browser back",
        description,
        tags,
        params: ProviderParams,
        querystring: AnyFields,
        response,
      },
    },
    async (request, reply) => finish(request, reply, request.params.provider, request.query),
  );
  scope.post(
    "/v1/social/:provider/callback",
    {
      config,
      schema: {
        operationId: "finishSocialSignInByForm",
        summary: "Where Apple's page posts the browser back",
        description,
        tags,
        consumes: ["application/x-www-form-urlencoded"],
        params: ProviderParams,
        querystring: Type.Object({}, { additionalProperties: true }),
        body: AnyFields,
        response,
      },
    },
    async (request, reply) => finish(request, reply, request.params.provider, request.body),
  );
}
