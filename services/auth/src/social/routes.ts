import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { clientOf, DeviceSchema, deviceOf } from "../http/client.ts";
import { showTokens, TokensSchema } from "../sessions/schemas.ts";
import { refuse as refuseSession } from "../sessions/sessions.ts";
import { callbackRoutes } from "./callback-routes.ts";
import { demandProvider, demandReturnTo } from "./demands.ts";
import { ChallengeField, ProviderParams, ReturnToField, VerifierField } from "./fields.ts";
import type { Provider } from "./providers/provider.ts";
import { refuseWithPages } from "./refusal-pages.ts";
import { OUTCOMES, refuse } from "./refusals.ts";
import { isAppAddress, withParameter } from "./return-to.ts";
import type { Social } from "./social.ts";
import { TITLES } from "./titles.ts";

const tags = ["social"];
/** A start writes a row for whoever asks; what follows needs its state or its code. */
const startLimit = { class: "social" } as const;
const limit = { class: "reads" } as const;

const ProviderShown = Type.Object({
  name: Type.String({ description: "What stands for it in addresses" }),
  title: Type.Object({ en: Type.String(), ru: Type.String() }),
  state: Type.Union([Type.Literal("ok"), Type.Literal("degraded"), Type.Literal("down")], {
    description:
      "Seen from this replica: `down` answered nothing lately, `degraded` is being tried again. Show its button greyed, not gone",
  }),
  start_url: Type.String({ description: "Send the browser here, with return_to" }),
});

/** Signing in with a social network. */
export async function socialRoutes(app: Server, social: Social): Promise<void> {
  await app.register(async (plain) => {
    const forBrowsers = plain as unknown as Server;
    refuseWithPages(forBrowsers, social.returnTo.default);
    startRoute(forBrowsers, social);
    callbackRoutes(forBrowsers, social);
  });
  providersRoute(app, social);
  exchangeRoute(app, social);
}

function providersRoute(app: Server, { providers, issuer }: Social): void {
  app.get(
    "/v1/social/providers",
    {
      config: { limit: { class: "reads" } },
      schema: {
        operationId: "listSocialProviders",
        summary: "Social networks one can sign in with, and how they are",
        tags,
        response: {
          200: Type.Object(
            { items: Type.Array(ProviderShown), next_cursor: Type.Null() },
            {
              examples: [
                {
                  items: [
                    {
                      name: "vk",
                      title: TITLES.vk,
                      state: "ok",
                      start_url: "https://auth.example/v1/social/vk/start",
                    },
                  ],
                  next_cursor: null,
                },
              ],
            },
          ),
        },
      },
    },
    async () => ({
      items: [...providers.values()].map((provider) => ({
        name: provider.name,
        title: TITLES[provider.name],
        state: stateOf(provider),
        start_url: `${issuer}/v1/social/${provider.name}/start`,
      })),
      next_cursor: null,
    }),
  );
}

function startRoute(app: Server, social: Social): void {
  app.get(
    "/v1/social/:provider/start",
    {
      exposeHeadRoute: false,
      config: {
        limit: startLimit,
        refuses: [refuse.provider_unknown, refuse.return_to_not_allowed, refuse.code_challenge_needed],
      },
      schema: {
        operationId: "startSocialSignIn",
        summary: "Send the browser to a social network",
        description: `A page for browsers, not for fetch. Ends at \`return_to\` with \`?code=\` for POST /v1/social/exchange, or with \`?error=\`: ${OUTCOMES.map((outcome) => `\`${outcome}\``).join(", ")}. \`account_exists\`: somebody has an account with that address; sign in as before, then link. Send a code_challenge (RFC 7636, S256): then only the client that began can use the code.`,
        tags,
        params: ProviderParams,
        querystring: Type.Object({
          return_to: Type.Optional(ReturnToField),
          code_challenge: Type.Optional(ChallengeField),
          code_challenge_method: Type.Optional(Type.Literal("S256", { examples: ["S256"] })),
        }),
        response: { 302: Type.Null({ description: "To the provider's page" }) },
      },
    },
    async (request, reply) => {
      const provider = demandProvider(social, request.params.provider);
      const { return_to: asked, code_challenge: challenge } = request.query;
      const returnTo = demandReturnTo(social, asked);
      if (isAppAddress(returnTo) && challenge === undefined) throw refuse.code_challenge_needed();
      if (stateOf(provider) === "down")
        return reply.redirect(withParameter(returnTo, "error", "provider_unavailable"), 302);
      const url = await social.flows.begin(provider, {
        purpose: { kind: "sign_in" },
        returnTo,
        challenge: challenge ?? null,
        browser: social.mark.give(request, reply),
        language: chooseLanguage(request.headers["accept-language"]),
      });
      return reply.redirect(url.href, 302);
    },
  );
}

function exchangeRoute(app: Server, { signIn }: Social): void {
  app.post(
    "/v1/social/exchange",
    {
      config: { limit, refuses: [refuse.social_code_invalid, refuseSession.account_disabled] },
      schema: {
        operationId: "exchangeSocialCode",
        summary: "Exchange the code from return_to for tokens",
        description:
          "A code works once, within a minute, and only with the code_verifier of the code_challenge that was given at the start.",
        tags,
        body: Type.Object(
          {
            code: Type.String({ minLength: 1, maxLength: 200 }),
            code_verifier: Type.Optional(VerifierField),
            device: Type.Optional(DeviceSchema),
          },
          { examples: [{ code: `kp_sc_${"A".repeat(43)}`, code_verifier: "v".repeat(43) }] },
        ),
        response: { 201: TokensSchema },
      },
    },
    async (request, reply) => {
      const { code, code_verifier: verifier, device } = request.body;
      const client = clientOf(request);
      const tokens = await signIn.exchange(code, verifier, client, deviceOf(device, client));
      return reply.code(201).send(showTokens(tokens));
    },
  );
}

/** `degraded`: the pause after its failures is over, and the next person tries it. */
function stateOf(provider: Provider): "ok" | "degraded" | "down" {
  const { state, retryAfterMs } = provider.health();
  if (state === "up") return "ok";
  return retryAfterMs > 0 ? "down" : "degraded";
}
