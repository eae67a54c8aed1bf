/**
 * Sign-ins by door and how they ended, seen where all doors meet: in the answers. So a new refusal is
 * counted without anybody having to think of it, and unknown addresses are counted like known ones.
 */
import type { OnTurnedAway, Server } from "@kinopass/http";
import { meter } from "@kinopass/tracing";
import type { FastifyReply, FastifyRequest } from "fastify";

/** What opens a session, by operation. A sign-up and a reset are doors as well: both end in tokens. */
const DOORS: Readonly<Record<string, string>> = {
  "POST /v1/sessions": "password",
  "POST /v1/accounts/confirm": "sign_up",
  "POST /v1/social/exchange": "social",
  "POST /v1/device/token": "pairing",
};
const REFRESH = "POST /v1/sessions/refresh";
const SOCIAL_RETURN = "/v1/social/:provider/callback";

const signIns = meter().counter("kinopass.auth.sign_ins", {
  description: "Tries to sign in, by door and outcome",
});
const refreshes = meter().counter("kinopass.auth.refreshes", {
  description: "Refreshes by outcome; refresh_token_reused is a token that two parties hold",
});
const returns = meter().counter("kinopass.auth.social_returns", {
  description: "People coming back from a social network, by provider and outcome",
});

/** Counts whom a full door turned away before any hook could see him. */
export const countTurnedAway: OnTurnedAway = ({ method, url }, code) => {
  const door = DOORS[`${method} ${url}`];
  if (door !== undefined) signIns.add(1, { door, outcome: code });
};

/** Counts what goes through the doors. */
export function countDoors(app: Server): void {
  const codes = new WeakMap<FastifyRequest, string>();
  app.addHook("onError", (request, _reply, { code }, done) => {
    if (typeof code === "string") codes.set(request, code);
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url;
    const operation = `${request.method} ${route}`;
    const door = DOORS[operation];
    const outcome = () => (reply.statusCode < 400 ? "ok" : (codes.get(request) ?? String(reply.statusCode)));
    if (door !== undefined) signIns.add(1, { door, outcome: outcome() });
    else if (operation === REFRESH) refreshes.add(1, { outcome: outcome() });
    else if (route === SOCIAL_RETURN && isOfKnownProvider(reply.statusCode, codes.get(request))) {
      const { provider = "" } = request.params as { provider?: string };
      returns.add(1, { provider, outcome: endingOf(reply) ?? outcome() });
    }
    done();
  });
}

/** These answers come only where the provider is switched on; any other name would be a label of the caller's choice. */
function isOfKnownProvider(status: number, code: string | undefined): boolean {
  return status === 303 || code === "social_flow_unknown" || code === "social_callback_invalid";
}

/** A flow that failed after it was recognised ends in a redirect, with a word from a fixed list. */
function endingOf(reply: FastifyReply): string | undefined {
  const location = reply.getHeader("location");
  if (typeof location !== "string" || !URL.canParse(location)) return undefined;
  return new URL(location).searchParams.get("error") ?? undefined;
}
