import type { Server } from "@kinopass/http";
import type { FastifyRequest } from "fastify";

/** Throws 401 where a request presents nothing that could open the route. */
type Presented = (request: FastifyRequest) => Promise<unknown>;

/**
 * Who may not ask is told so before what was asked is looked at: a stranger's body is not parsed, and no error tells
 * strangers how to write one. By the `security` each route declares, so that a route cannot forget it. Register it behind
 * the limits: guesses are counted.
 */
export function credentialsFirst(
  app: Server,
  schemes: { readonly access_token: Presented; readonly service_credential: Presented },
): void {
  app.addHook("onRequest", async (request) => {
    for (const requirement of securityOf(request)) {
      if ("access_token" in requirement) await schemes.access_token(request);
      if ("service_credential" in requirement) await schemes.service_credential(request);
    }
  });
}

function securityOf({ routeOptions: { schema } }: FastifyRequest): readonly object[] {
  return (schema as { readonly security?: readonly object[] } | undefined)?.security ?? [];
}
