import { Refused } from "../../io.ts";
import type { Shot } from "./load.ts";
import { VISITORS } from "./promises.ts";

/** Of all requests, those of guests and of viewers whose tokens are good. */
export const SERVED_SHARE = 0.7;

export interface Visited {
  readonly catalogs: readonly string[];
  readonly strict: string;
  readonly films: readonly number[];
  /** Tokens that are good, as they are at that moment: they are renewed under way. */
  readonly fresh: () => readonly string[];
  /** Tokens that run out as the outage begins. */
  readonly expiring?: readonly string[];
}

/** Of ten requests four are guests', three of the signed in, one strict, and two with a token that runs out. */
export function visit({ catalogs, strict, films, fresh, expiring }: Visited, turn: number): Shot {
  const round = Math.floor(turn / 10);
  const film = `${pick(catalogs, round)}/v1/films/${pick(films, round)}`;
  const token = pick(fresh(), round);
  const guest: Shot = { who: VISITORS.guest, method: "GET", url: film, token: undefined };
  const play = { method: "POST", url: `${film}/playback` } as const;
  const late = expiring === undefined ? undefined : pick(expiring, round);
  switch (turn % 10) {
    case 1:
    case 4:
      return { who: VISITORS.member, method: "GET", url: film, token };
    case 7:
      return { who: VISITORS.member, ...play, token };
    case 2:
      return { who: VISITORS.strict, method: "GET", url: strict, token };
    case 3:
      return late === undefined
        ? guest
        : { who: VISITORS.expiredReads, method: "GET", url: film, token: late };
    case 8:
      return late === undefined ? guest : { who: VISITORS.expiredActs, ...play, token: late };
    default:
      return guest;
  }
}

/** Films that every grown-up viewer may play without a subscription. */
export async function filmsToPlay(catalog: string): Promise<readonly number[]> {
  const answer = await fetch(`${catalog}/v1/films?sort=-rating&page_size=100`, {
    signal: AbortSignal.timeout(10_000),
  });
  const { items } = (await answer.json()) as { items: { id: number; access: string }[] };
  const films = items.filter(({ access }) => access === "free").map(({ id }) => id);
  if (films.length === 0) throw new Refused("The catalog has no film that is free to play.");
  return films;
}

/** Whether a viewer is let in and the answer does not speak of degradation. */
export async function isFresh(url: string, token: string): Promise<boolean> {
  return await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(2_000),
  }).then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.ok && !answer.headers.has("x-auth-certainty");
    },
    () => false,
  );
}

function pick<Item>(list: readonly Item[], turn: number): Item {
  const item = list[turn % list.length];
  if (item === undefined) throw new Error("there is nothing to ask for");
  return item;
}
