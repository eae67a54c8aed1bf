import type { Provider, ProviderName } from "./providers/provider.ts";
import { refuse } from "./refusals.ts";
import type { Social } from "./social.ts";

/** The provider of a path; refuses `provider_unknown` where it is off. */
export function demandProvider({ providers }: Social, name: string): Provider {
  const provider = providers.get(name as ProviderName);
  if (provider === undefined) throw refuse.provider_unknown();
  return provider;
}

/** Where the flow ends; refuses `return_to_not_allowed`. */
export function demandReturnTo({ returnTo }: Social, asked: string | undefined): string {
  const chosen = returnTo.choose(asked);
  if (chosen === undefined) throw refuse.return_to_not_allowed();
  return chosen;
}
