import { member, refusalOf } from "@kinopass/guard";
import { common, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { FilmId } from "../films/film-answers.ts";
import { refuse as filmRefusals } from "../films/films.ts";
import { asAppError, guarded, memberRefusals } from "../guard-refusals.ts";
import { GRANT_SECONDS } from "./grants.ts";
import { type Playback, refuse } from "./playback.ts";

const Granted = Type.Object(
  {
    grant: Type.String({ description: "Show it to the streaming edge; it opens this film for this session" }),
    expires_in: Type.Integer({ description: "Seconds" }),
    film: Type.Object({
      id: FilmId,
      title: Type.String(),
      age_rating: Type.Integer(),
      runtime_minutes: Type.Unsafe<number | null>({ type: ["integer", "null"] }),
    }),
  },
  {
    examples: [
      {
        grant: "kp_pg_eyJqdGkiOiI0YzJhIn0.AQnT4y8mZp0sV1kqXb2dWm5uJr7fEoLhCg3tPiKzNaYx",
        expires_in: GRANT_SECONDS,
        film: { id: 2711, title: "The Godfather", age_rating: 18, runtime_minutes: 175 },
      },
    ],
  },
);

export function playbackRoutes(app: Server, { playback }: { playback: Playback }): void {
  app.post(
    "/v1/films/:id/playback",
    {
      config: {
        limit: { class: "reads" },
        policy: member,
        refuses: [
          ...memberRefusals,
          guarded.age_restricted,
          refuse.subscription_required,
          filmRefusals.film_not_found,
        ],
      },
      schema: {
        operationId: "startPlayback",
        summary: "Start playing a film",
        description:
          "For members whose age ceiling reaches the film's rating; the newest three years also take the role `subscriber`. Takes no body.",
        tags: ["films"],
        security: [{ access_token: [] }],
        params: Type.Object({ id: FilmId }),
        response: { 201: Granted },
      },
    },
    async (request, reply) => {
      const { caller } = request;
      // The policy has let members in only; this is for the compiler, and for the day somebody loosens the policy.
      if (caller.kind !== "member") throw asAppError(refusalOf("sign_in_required"));
      if (Object.keys(request.body ?? {}).length > 0) throw common.invalid_request();
      const { film, grant, expiresIn } = await playback.start(caller, request.params.id);
      reply.code(201);
      const { id, title, age_rating, runtime: runtime_minutes } = film;
      return { grant, expires_in: expiresIn, film: { id, title, age_rating, runtime_minutes } };
    },
  );
}
