import swaggerUi from "@fastify/swagger-ui";
import type { Server } from "./server.ts";

/** The contract as JSON at /openapi.json and as a page to read and try at /docs. No third-party address is loaded. */
export async function docsPage(app: Server): Promise<void> {
  app.get(
    "/openapi.json",
    { config: { limit: { class: "reads" } as never }, schema: { hide: true } as never },
    async (_request, reply) => {
      reply.header("cache-control", "public, max-age=300");
      return app.swagger();
    },
  );
  await app.register(async (pages) => {
    pages.addHook("onSend", async (_request, reply) => {
      reply.headers({
        "content-security-policy":
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        "cache-control": "public, max-age=300",
      });
    });
    await pages.register(swaggerUi, {
      routePrefix: "/docs",
      uiConfig: { deepLinking: true, docExpansion: "none", tryItOutEnabled: true },
    });
  });
}
