import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { readPostedForms } from "./form-bodies.ts";
import { PAGE_POLICY } from "./page.ts";
import { refuse } from "./refusals.ts";
import type { Social } from "./social.ts";
import { deletionPage } from "./status-page.ts";

const tags = ["social"];
const consumes = ["application/x-www-form-urlencoded"];
const config = {
  limit: { class: "reads" },
  refuses: [refuse.provider_unknown, refuse.signed_request_invalid],
} as const;

const SignedRequest = Type.Object(
  { signed_request: Type.String({ minLength: 1, maxLength: 8192 }) },
  { additionalProperties: true, examples: [{ signed_request: "c2lnbmF0dXJl.eyJ1c2VyX2lkIjoiMSJ9" }] },
);

/** What Facebook's servers call; the addresses stand in docs/social/facebook.md. */
export async function facebookRoutes(app: Server, { facebook, issuer }: Social): Promise<void> {
  await app.register(async (plain) => {
    const scope = plain as unknown as Server;
    readPostedForms(scope);
    scope.post(
      "/v1/social/facebook/deauthorize",
      {
        config,
        schema: {
          operationId: "facebookDeauthorize",
          summary: "Facebook tells that a person removed our app",
          tags,
          consumes,
          body: SignedRequest,
          response: {
            200: Type.Object({ received: Type.Literal(true) }, { examples: [{ received: true }] }),
          },
        },
      },
      async (request) => {
        await facebook.deauthorized(request.body.signed_request);
        return { received: true as const };
      },
    );
    scope.post(
      "/v1/social/facebook/data-deletion",
      {
        config,
        schema: {
          operationId: "facebookDataDeletion",
          summary: "Facebook tells that a person wants their data deleted",
          tags,
          consumes,
          body: SignedRequest,
          response: {
            200: Type.Object(
              {
                url: Type.String({ description: "A page for the person" }),
                confirmation_code: Type.String(),
              },
              {
                examples: [
                  {
                    url: `https://auth.example/v1/social/facebook/data-deletion/${"A".repeat(22)}`,
                    confirmation_code: "A".repeat(22),
                  },
                ],
              },
            ),
          },
        },
      },
      async (request) => {
        const code = await facebook.deletionAsked(request.body.signed_request);
        return { url: `${issuer}/v1/social/facebook/data-deletion/${code}`, confirmation_code: code };
      },
    );
  });
  app.get(
    "/v1/social/facebook/data-deletion/:code",
    {
      config: { limit: config.limit, refuses: [refuse.deletion_not_found] },
      schema: {
        operationId: "facebookDataDeletionStatus",
        summary: "What became of a deletion, as a page",
        tags,
        produces: ["text/html"],
        params: Type.Object({ code: Type.String({ maxLength: 64, examples: ["A".repeat(22)] }) }),
        response: { 200: Type.String({ description: "A page", examples: ["<!doctype html>…"] }) },
      },
    },
    async (request, reply) => {
      const { outcome, requestedAt } = await facebook.deletion(request.params.code);
      const language = chooseLanguage(request.headers["accept-language"]);
      return reply
        .type("text/html; charset=utf-8")
        .headers({
          "content-language": language,
          vary: "accept-language",
          "content-security-policy": PAGE_POLICY,
        })
        .send(deletionPage(outcome, requestedAt, language));
    },
  );
}
