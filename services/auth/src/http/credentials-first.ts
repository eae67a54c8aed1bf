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
  app.addHook("onRequest", (request, _reply, done) => {
    const requirements = securityOf(request);
    if (requirements.length === 0) return done();
    demandAll(request, requirements).then(() => done(), done);
  });

  async function demandAll(request: FastifyRequest, requirements: readonly object[]): Promise<void> {
    for (const requirement of requirements) {
      if ("access_token" in requirement) await schemes.access_token(request);
      if ("service_credential" in requirement) await schemes.service_credential(request);
    }
  }
}

function securityOf({ routeOptions: { schema } }: FastifyRequest): readonly object[] {
  return (schema as { readonly security?: readonly object[] } | undefined)?.security ?? [];
}
