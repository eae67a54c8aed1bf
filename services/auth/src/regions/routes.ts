import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import type { Regions } from "./regions.ts";

const Region = Type.Object({
  slug: Type.String({ description: "Pass it as `region` when signing up" }),
  name: Type.String({ description: "In the language of Accept-Language" }),
  jurisdiction: Type.String({ description: "ISO 3166-1 country whose law the data lives under" }),
});

export function regionRoutes(app: Server, { regions }: { regions: Regions }): void {
  app.get(
    "/v1/regions",
    {
      config: { limit: { class: "reads" } },
      schema: {
        operationId: "listRegions",
        summary: "Regions an account can live in",
        tags: ["accounts"],
        response: {
          200: Type.Object(
            { items: Type.Array(Region), next_cursor: Type.Null() },
            {
              examples: [
                { items: [{ slug: "ru_volga", name: "Volga", jurisdiction: "RU" }], next_cursor: null },
              ],
            },
          ),
        },
      },
    },
    async (request) => {
      const language = chooseLanguage(request.headers["accept-language"]);
      const items = (await regions.all()).map(({ slug, jurisdiction, ...names }) => ({
        slug,
        jurisdiction,
        name: names[`name_${language}`],
      }));
      return { items, next_cursor: null };
    },
  );
}
