import type { KeptTokens, Profile } from "./providers/provider.ts";

type Written<Tokens> = Omit<Tokens, "expiresAt"> & { readonly expiresAt?: string };

/** Tokens as they come out of JSON, which has no dates. */
export function readTokens(json: string): KeptTokens {
  return revived(JSON.parse(json) as Written<KeptTokens>);
}

/** A profile that was written as JSON. */
export function readProfile(written: Profile): Profile {
  const tokens = written.tokensForUnlink as Written<KeptTokens> | undefined;
  return tokens === undefined ? written : { ...written, tokensForUnlink: revived(tokens) };
}

function revived({ expiresAt, ...rest }: Written<KeptTokens>): KeptTokens {
  return expiresAt === undefined ? rest : { ...rest, expiresAt: new Date(expiresAt) };
}
