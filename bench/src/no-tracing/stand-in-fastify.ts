/** Request ids as anybody would write them who knows nothing of tracing. */
import { requests } from "./stand-in-ids.ts";

interface Options {
  readonly makeRequestId: () => string;
}

/** As much of Fastify as is used here. */
interface App {
  setGenReqId(make: (message: { readonly headers: Readonly<Record<string, unknown>> }) => string): void;
  addHook(
    name: "onRequest",
    hook: (
      request: { readonly id: string },
      reply: { header(name: string, value: string): unknown },
      next: () => void,
    ) => void,
  ): void;
}

async function giveIds(app: App, { makeRequestId }: Options): Promise<void> {
  app.setGenReqId(({ headers }) => {
    const offered = headers["x-request-id"];
    return typeof offered === "string" && /^[\w.-]{1,64}$/.test(offered) ? offered : makeRequestId();
  });
  app.addHook("onRequest", (request, reply, next) => {
    reply.header("x-request-id", request.id);
    requests.run({ requestId: request.id }, next);
  });
}

export const tracing = Object.assign(giveIds, { [Symbol.for("skip-override")]: true });

export const requestContextOf = ({ id }: { readonly id: string }) => ({ requestId: id });

export const routeOf = <Route>({ routeOptions }: { readonly routeOptions: Route }): Route => routeOptions;

export { ServerResponse as NumberedResponse } from "node:http";

/** No flood is measured without tracing, so these need not do their work, only be there. */
export const requestIdOf = () => "";
export const openTurnedAway = () => ({ traceId: undefined, answered: () => undefined });
export const isTraceKept = () => false;
