import type { Outcome } from "./consents.ts";

export type { Outcome } from "./consents.ts";

export interface Choice {
  /** Who says yes: an id from the cast, of a person you added, or `new`. `deny` says no. */
  readonly person: string;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Plays the browser and the person: opens an authorize address and returns the callback the app would get.
 * @throws when the emulator showed an error page instead (unknown app, unregistered address, nobody of that name).
 */
export async function consent(
  authorizeUrl: URL | string,
  { person, fetch = globalThis.fetch }: Choice,
): Promise<Outcome> {
  const response = await fetch(authorizeUrl, {
    headers: { accept: "application/json", "x-emulator-person": person },
    redirect: "manual",
  });
  if (response.status !== 200)
    throw new Error(`the emulator answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Outcome;
}
