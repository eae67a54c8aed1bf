import type { Caller } from "@kinopass/guard";

interface Reading {
  readonly caller: Caller;
  readonly headers: { readonly authorization?: string | undefined };
}

/**
 * What a cache may keep of an answer that anybody may read. A guest's is everybody's; whoever brought a
 * token, even a bad one, gets an answer of their own.
 */
export function cachingFor({ caller, headers }: Reading): Readonly<Record<string, string>> {
  const anybody = caller.kind === "guest" && headers.authorization === undefined;
  return {
    "cache-control": anybody ? "public, max-age=60" : "private, max-age=60",
    vary: "accept-language, authorization",
  };
}
