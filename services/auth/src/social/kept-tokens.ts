import type { KeptTokens, Profile } from "./providers/provider.ts";

type Written<Tokens> = Omit<Tokens, "expiresAt"> & { readonly expiresAt?: string };

/** Tokens as they come out of JSON, which has no dates. */
export function readTokens(json: string): KeptTokens {
  return revived(JSON.parse(json) as Written<KeptTokens>);
}

/** Tokens on their way to being revoked, with the link to what caused it. */
export interface Owed {
  readonly tokens: KeptTokens;
  readonly cause: string | undefined;
}

export function writeOwed({ tokens, cause }: Owed): string {
  return JSON.stringify({ ...tokens, cause });
}

export function readOwed(json: string): Owed {
  const { cause, ...written } = JSON.parse(json) as Written<KeptTokens> & { readonly cause?: string };
  return { tokens: revived(written), cause };
}

/** A profile that was written as JSON. */
export function readProfile(written: Profile): Profile {
  const tokens = written.tokensForUnlink as Written<KeptTokens> | undefined;
  return tokens === undefined ? written : { ...written, tokensForUnlink: revived(tokens) };
}

function revived({ expiresAt, ...rest }: Written<KeptTokens>): KeptTokens {
  return expiresAt === undefined ? rest : { ...rest, expiresAt: new Date(expiresAt) };
}
