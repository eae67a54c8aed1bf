import type { Shot } from "./load.ts";
import type { SignedUp } from "./sign-up.ts";

export const FLOOD_VISITORS = {
  flooder: "the flood",
  films: "next door, film pages",
  keys: "next door, keys",
  stranger: "next door, signing in",
  owner: "the owner, signing in",
} as const;

/** Every kind of visitor has a network of its own; the flood comes from as many addresses as it was told. */
const NEXT_DOOR = "127.78.1.1";
const OWNER = "127.79.1.1";
export const NEIGHBOURS_PER_SECOND = 20;
/** Of so many turns one is the owner's and one the stranger's: a person signs in, a program floods. */
const SIGN_IN_EVERY = NEIGHBOURS_PER_SECOND * 2;

export interface Neighbourhood {
  readonly auth: string;
  readonly catalog: string;
  /** Whose password is being guessed. */
  readonly owner: SignedUp;
  /** Proves that the owner signed in on this device before. */
  readonly device: string;
  readonly stranger: SignedUp;
}

/** A wrong password for the owner's account, each from the next address. */
export function floodShot({ auth, owner }: Neighbourhood, addresses: number, turn: number): Shot {
  const address = turn % addresses;
  return {
    who: FLOOD_VISITORS.flooder,
    ...signIn(auth, owner.email, `guess number ${turn}`),
    from: `127.77.${1 + Math.floor(address / 250)}.${1 + (address % 250)}`,
  };
}

export function neighbourShot(ground: Neighbourhood, turn: number): Shot {
  const { auth, catalog, owner, device, stranger } = ground;
  const nextDoor = { method: "GET", token: undefined, from: NEXT_DOOR } as const;
  if (turn % SIGN_IN_EVERY === 7)
    return {
      who: FLOOD_VISITORS.owner,
      ...signIn(auth, owner.email, owner.password),
      headers: { "x-kinopass-device": device },
      from: OWNER,
    };
  if (turn % SIGN_IN_EVERY === 27)
    return {
      who: FLOOD_VISITORS.stranger,
      ...signIn(auth, stranger.email, stranger.password),
      from: NEXT_DOOR,
    };
  if (turn % 5 === 0) return { who: FLOOD_VISITORS.keys, url: `${auth}/.well-known/jwks.json`, ...nextDoor };
  return { who: FLOOD_VISITORS.films, url: `${catalog}/v1/films?page_size=20`, ...nextDoor };
}

/** The owner's first sign-in on the device; its proof is what the answer's header says. */
export async function knowDevice(auth: string, { email, password }: SignedUp): Promise<string> {
  const answer = await fetch(`${auth}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-kinopass-device": "new" },
    body: JSON.stringify({ email, password }),
    signal: AbortSignal.timeout(10_000),
  });
  await answer.body?.cancel();
  return answer.headers.get("x-kinopass-device") ?? "";
}

function signIn(auth: string, email: string, password: string) {
  const body = JSON.stringify({ email, password });
  return { method: "POST", url: `${auth}/v1/sessions`, token: undefined, body } as const;
}
