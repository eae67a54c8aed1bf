import type { Caller } from "./caller.ts";

/** Tells the client and its proxies that the answer was given under degradation. */
export const CERTAINTY_HEADER = "x-auth-certainty";

/** What an answer owes to who was asking, whatever it says. */
export function headersFor(caller: Caller): Readonly<Record<string, string>> {
  return caller.certainty === "fresh" ? {} : { [CERTAINTY_HEADER]: caller.certainty };
}
