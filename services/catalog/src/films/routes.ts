import { type Caller, open } from "@kinopass/guard";
import { chooseLanguage, pageOf, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { cachingFor } from "../caching.ts";
import { refuse as cursorRefusals } from "../cursors/cursors.ts";
import { cardOf, FilmCard, FilmId, FilmPage, pageOfFilm } from "./film-answers.ts";
import { type FilmRow, type Films, refuse } from "./films.ts";
import { SORTS, type Sort } from "./sort.ts";

interface Dependencies {
  readonly films: Films;
  /** The code that this caller would be refused playback with; undefined where nothing stands against it. */
  readonly playbackRefusal: (
    caller: Caller,
    film: Pick<FilmRow, "age_rating" | "access">,
  ) => string | undefined;
}

const config = { limit: { class: "reads" }, policy: open } as const;

export function filmRoutes(app: Server, { films, playbackRefusal }: Dependencies): void {
  app.get(
    "/v1/films",
    {
      config: { ...config, refuses: [refuse.relevance_needs_query, cursorRefusals.cursor_invalid] },
      schema: {
        operationId: "listFilms",
        summary: "Films, found and sorted",
        description:
          "Words are looked for in titles, names and descriptions; a title is found through a typo too. Everybody sees every film; what may be played is another question.",
        tags: ["films"],
        querystring: Type.Object({
          query: Type.Optional(Type.String({ minLength: 1, maxLength: 200, examples: ["godfahter"] })),
          genre: Type.Optional(
            Type.String({ pattern: "^[a-z][a-z0-9-]{0,63}$", description: "A slug of GET /v1/genres" }),
          ),
          person: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: "An id of GET /v1/persons" }),
          ),
          sort: Type.Optional(
            Type.Unsafe<Sort>({
              type: "string",
              enum: SORTS,
              description: "By default relevance where there is a query, else -year",
            }),
          ),
          page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
          cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
        }),
        response: { 200: pageOf(FilmCard) },
      },
    },
    async (request, reply) => {
      const { page_size = 20, ...search } = request.query;
      const page = await films.list({ ...search, pageSize: page_size });
      const language = chooseLanguage(request.headers["accept-language"]);
      reply.headers(cachingFor(request));
      return { items: page.items.map((film) => cardOf(film, language)), next_cursor: page.nextCursor };
    },
  );

  app.get(
    "/v1/films/:id",
    {
      config: { ...config, refuses: [refuse.film_not_found] },
      schema: {
        operationId: "getFilm",
        summary: "One film",
        description: "With an ETag: send it back as If-None-Match and get 304 where nothing has changed.",
        tags: ["films"],
        params: Type.Object({ id: FilmId }),
        response: { 200: FilmPage, 304: Type.Null({ description: "Nothing has changed" }) },
      },
    },
    async (request, reply) => {
      const film = await films.find(request.params.id);
      const language = chooseLanguage(request.headers["accept-language"]);
      const refusal = playbackRefusal(request.caller, film);
      const etag = `W/"${film.id}-${film.version}-${language}-${refusal ?? "ok"}"`;
      reply.headers({ ...cachingFor(request), etag });
      if (knows(request.headers["if-none-match"], etag)) return reply.code(304).send(null);
      return pageOfFilm(film, language, refusal);
    },
  );
}

/** RFC 9110 §13.1.2, weak comparison. */
function knows(header: string | undefined, etag: string): boolean {
  return header?.split(",").some((known) => known.trim() === etag) ?? false;
}
