import { open } from "@kinopass/guard";
import { pageOf, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { cachingFor } from "../caching.ts";
import { refuse as cursorRefusals } from "../cursors/cursors.ts";
import { type Persons, refuse } from "./persons.ts";

const PersonId = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const person = {
  id: PersonId,
  name: Type.String(),
  films: Type.Integer({ description: "How many films they directed or played in" }),
};
const PersonCard = Type.Object(person, {
  examples: [{ id: 181, name: "Francis Ford Coppola", films: 14 }],
});
const PersonPage = Type.Object(
  {
    ...person,
    filmography: Type.Array(
      Type.Object({
        id: Type.Integer(),
        title: Type.String(),
        year: Type.Integer(),
        parts: Type.Array(Type.Union([Type.Literal("director"), Type.Literal("actor")])),
      }),
      { description: "The newest 100; GET /v1/films?person= lists them all" },
    ),
  },
  {
    examples: [
      {
        id: 181,
        name: "Francis Ford Coppola",
        films: 1,
        filmography: [{ id: 2711, title: "The Godfather", year: 1972, parts: ["director"] }],
      },
    ],
  },
);

const config = { limit: { class: "reads" }, policy: open } as const;

export function personRoutes(app: Server, { persons }: { persons: Persons }): void {
  app.get(
    "/v1/persons",
    {
      config: { ...config, refuses: [cursorRefusals.cursor_invalid] },
      schema: {
        operationId: "listPersons",
        summary: "Directors and actors",
        description: "By name; with a query the likest names first, typos forgiven.",
        tags: ["persons"],
        querystring: Type.Object({
          query: Type.Optional(Type.String({ minLength: 1, maxLength: 120, examples: ["copolla"] })),
          page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
          cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
        }),
        response: { 200: pageOf(PersonCard) },
      },
    },
    async (request, reply) => {
      const { page_size = 20, ...search } = request.query;
      const { items, nextCursor } = await persons.list({ ...search, pageSize: page_size });
      reply.headers(cachingFor(request));
      return { items: [...items], next_cursor: nextCursor };
    },
  );

  app.get(
    "/v1/persons/:id",
    {
      config: { ...config, refuses: [refuse.person_not_found] },
      schema: {
        operationId: "getPerson",
        summary: "A person and their films",
        tags: ["persons"],
        params: Type.Object({ id: PersonId }),
        response: { 200: PersonPage },
      },
    },
    async (request, reply) => {
      const found = await persons.find(request.params.id);
      reply.headers(cachingFor(request));
      return found as never;
    },
  );
}
