import { open } from "@kinopass/guard";
import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { cachingFor } from "../caching.ts";
import { type Genres, namedGenre } from "./genres.ts";

const CountedGenre = Type.Object({
  slug: Type.String({ description: "Pass it as `genre` to GET /v1/films" }),
  name: Type.String({ description: "In the language of Accept-Language" }),
  films: Type.Integer({ description: "How many films bear it" }),
});

export function genreRoutes(app: Server, { genres }: { genres: Genres }): void {
  app.get(
    "/v1/genres",
    {
      config: { limit: { class: "reads" }, policy: open },
      schema: {
        operationId: "listGenres",
        summary: "All genres that films bear",
        tags: ["films"],
        response: {
          200: Type.Object(
            { items: Type.Array(CountedGenre), next_cursor: Type.Null() },
            {
              examples: [{ items: [{ slug: "film-noir", name: "Film noir", films: 28 }], next_cursor: null }],
            },
          ),
        },
      },
    },
    async (request, reply) => {
      const language = chooseLanguage(request.headers["accept-language"]);
      const all = await genres.all();
      reply.headers(cachingFor(request));
      const items = all.map((genre) => ({ ...namedGenre(genre, language), films: genre.films }));
      return { items, next_cursor: null };
    },
  );
}
