/**
 * The way to a provider and back. Leaving: a state that works once within ten minutes, bound to provider, purpose and
 * browser, with a fresh PKCE verifier and nonce. Coming back: the state is burnt first, whatever came with it, then
 * everything it is bound to is compared, and only then is the provider asked anything.
 */
import { createHash, randomBytes } from "node:crypto";
import { meter, trace } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Client } from "../http/client.ts";
import type { Ending, Flow, Purpose } from "./flow.ts";
import type { OneUse } from "./one-use.ts";
import { ProviderFailure } from "./providers/failure.ts";
import type { CallbackParams, Profile, Provider, ProviderName } from "./providers/provider.ts";
import { type FlowError, refuse } from "./refusals.ts";
import { withParameter } from "./return-to.ts";

/** What is done with a person who came back. */
export type Arrival = (flow: Flow, profile: Profile, client: Client) => Promise<Ending>;

export interface Return {
  readonly params: CallbackParams;
  readonly client: Client;
  /** Whether the browser bears the mark whose hash the flow kept. */
  readonly fitsBrowser: (kept: string) => boolean;
}

interface Dependencies {
  readonly states: OneUse<Flow>;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  readonly issuer: string;
  readonly arrivals: Readonly<Record<Purpose["kind"], Arrival>>;
  readonly logger: FastifyBaseLogger;
}

export class SocialFlows {
  readonly #given: Dependencies;
  readonly #endings = meter().counter("kinopass.auth.social_flows", {
    description: "Returns from social networks, by provider and outcome",
  });

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** The provider's page to send the person to. */
  @trace("social.begin")
  async begin(provider: Provider, terms: Omit<Flow, "provider" | "verifier" | "nonce">): Promise<URL> {
    const verifier = randomBytes(32).toString("base64url");
    const nonce = randomBytes(32).toString("base64url");
    const state = await this.#given.states.issue({ ...terms, provider: provider.name, verifier, nonce });
    return provider.authorizeUrl({
      state,
      nonce,
      codeChallenge: createHash("sha256").update(verifier).digest("base64url"),
      redirectUri: this.#redirectUri(provider),
      locale: terms.language,
    });
  }

  /**
   * Where the browser goes next. Refuses `social_flow_unknown` where nobody began this, and `social_callback_invalid`
   * where what came back was not made by the provider for us; everything else is told to the page at `return_to`.
   */
  @trace("social.finish")
  async finish(provider: Provider, { params, client, fitsBrowser }: Return): Promise<string> {
    const state = provider.stateOf(params);
    const flow = state === undefined ? undefined : await this.#given.states.take(state);
    if (state === undefined || flow === undefined) throw refuse.social_flow_unknown();
    const isOurs = flow.provider === provider.name && (flow.browser === null || fitsBrowser(flow.browser));
    if (!isOurs) {
      this.#given.logger.warn({ provider: provider.name }, "a social callback came to the wrong place");
      throw refuse.social_flow_unknown();
    }
    const ending = await this.#arrive(provider, flow, { params, state, client });
    const outcome = ending.parameter === "error" ? ending.value : flow.purpose.kind;
    this.#endings.add(1, { provider: provider.name, outcome });
    return withParameter(flow.returnTo, ending.parameter, ending.value);
  }

  async #arrive(
    provider: Provider,
    flow: Flow,
    { params, state, client }: { params: CallbackParams; state: string; client: Client },
  ): Promise<Ending> {
    const { verifier, nonce } = flow;
    const redirectUri = this.#redirectUri(provider);
    let profile: Profile;
    try {
      profile = await provider.finish({ params, state, verifier, nonce, redirectUri });
    } catch (error) {
      if (!(error instanceof ProviderFailure)) throw error;
      return { parameter: "error", value: this.#toldOf(error) };
    }
    return await this.#given.arrivals[flow.purpose.kind](flow, profile, client);
  }

  #toldOf(failure: ProviderFailure): FlowError {
    const { provider, kind, because, providerCode } = failure;
    const details = { provider, kind, because, provider_code: providerCode };
    const loud = kind === "substitution" || kind === "misconfigured";
    if (loud) this.#given.logger.error(details, "a social sign-in failed");
    else if (kind !== "denied") this.#given.logger.warn(details, "a social sign-in failed");
    switch (kind) {
      case "bad_callback":
        throw refuse.social_callback_invalid({ cause: failure });
      case "denied":
        return "denied";
      case "code_spent":
      case "link_lost":
        return "try_again";
      case "provider_unreachable":
        return "provider_unavailable";
      default:
        return "provider_failed";
    }
  }

  /** One registered string a provider: which of them was called is a mix-up defence by itself (RFC 9700 §4.4.2). */
  #redirectUri({ name }: Provider): string {
    return `${this.#given.issuer}/v1/social/${name}/callback`;
  }
}

/** Whether `verifier` is the one behind an S256 challenge (RFC 7636 §4.6); without a challenge none is asked for. */
export function provesChallenge(challenge: string | null, verifier: string | undefined): boolean {
  if (challenge === null) return true;
  return verifier !== undefined && createHash("sha256").update(verifier).digest("base64url") === challenge;
}
