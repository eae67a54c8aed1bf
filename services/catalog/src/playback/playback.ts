import type { Caller, Member } from "@kinopass/guard";
import { refusalOf } from "@kinopass/guard";
import { refusals } from "@kinopass/http";
import { trace } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import type { FilmRow, Films, PlayableFilm } from "../films/films.ts";
import { asAppError } from "../guard-refusals.ts";
import { GRANT_SECONDS, type Grants } from "./grants.ts";

/** Whoever has it pays for the newest films. Auth gives and takes it. */
export const SUBSCRIBER = "subscriber";

export const refuse = refusals({
  subscription_required: {
    status: 403,
    title: { en: "This film is for subscribers", ru: "Этот фильм доступен по подписке" },
    detail: {
      en: "The newest three years are; older films are free",
      ru: "По подписке идут последние три года, более старые фильмы бесплатны",
    },
  },
});

export type PlaybackRefusal = "sign_in_required" | "age_restricted" | "subscription_required";

/**
 * What stands against this caller playing this film. Age comes before the subscription: nobody is asked
 * to buy what they may not watch.
 */
export function playbackRefusal(
  caller: Caller,
  film: Pick<FilmRow, "age_rating" | "access">,
): PlaybackRefusal | undefined {
  if (caller.kind !== "member") return "sign_in_required";
  if (caller.ageCeiling < film.age_rating) return "age_restricted";
  if (film.access === "subscriber" && !caller.roles.has(SUBSCRIBER)) return "subscription_required";
  return undefined;
}

export interface GrantedPlayback {
  readonly film: PlayableFilm;
  readonly grant: string;
  readonly expiresIn: number;
}

export class Playback {
  readonly #films: Films;
  readonly #grants: Grants;
  readonly #clock: Clock;

  constructor({ films, grants, clock }: { films: Films; grants: Grants; clock: Clock }) {
    this.#films = films;
    this.#grants = grants;
    this.#clock = clock;
  }

  /** @throws film_not_found, age_restricted, subscription_required */
  @trace("playback.start")
  async start(caller: Member, filmId: number): Promise<GrantedPlayback> {
    const film = await this.#films.findPlayable(filmId);
    const refusal = playbackRefusal(caller, film);
    if (refusal === "subscription_required") throw refuse.subscription_required();
    if (refusal !== undefined) throw asAppError(refusalOf(refusal));
    const grant = this.#grants.issue(
      {
        film_id: film.id,
        account_id: caller.accountId,
        session_id: caller.sessionId,
        age_rating: film.age_rating,
      },
      this.#clock.now(),
    );
    return { film, grant, expiresIn: GRANT_SECONDS };
  }
}
