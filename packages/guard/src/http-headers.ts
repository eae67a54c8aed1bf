import type { IncomingMessage } from "node:http";
import type { Caller } from "./caller.ts";

/** Tells the client and its proxies that the answer was given under degradation. */
export const CERTAINTY_HEADER = "x-auth-certainty";

/** What an answer owes to who was asking, whatever it says. */
export function headersFor(caller: Caller): Readonly<Record<string, string>> {
  return caller.certainty === "fresh" ? {} : { [CERTAINTY_HEADER]: caller.certainty };
}

/**
 * The Authorization header of a request. Node keeps the first of two and a proxy before us may have believed
 * the second: joined as RFC 9110 §5.3 says, they are no token, and nobody is signed in by either.
 */
export function authorizationOf({ headers, rawHeaders }: IncomingMessage): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return undefined;
  let all: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length !== NAME.length || name.toLowerCase() !== NAME) continue;
    all = all === undefined ? rawHeaders[at + 1] : `${all}, ${rawHeaders[at + 1]}`;
  }
  return all ?? authorization;
}

const NAME = "authorization";
