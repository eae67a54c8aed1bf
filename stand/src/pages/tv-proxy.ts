/**
 * The pages' way to Auth and the catalog: through the stand's own origin, so that no service has to open itself to
 * other origins. Only what the pages need is passed on.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";

export interface Services {
  readonly auth: string;
  readonly catalog: string;
}

type Allowed = readonly (readonly [method: string, path: RegExp])[];

/** As typed, percent-encoded; no dots and slashes in any spelling, since they would lead to other addresses. */
const CODE = "(?:[\\w~-]|%(?!2[EF])[0-9A-F]{2}){1,120}";

const TV: Allowed = [
  ["POST", /^\/v1\/device\/(code|token)$/],
  ["POST", /^\/v1\/captcha\/challenges$/],
  ["POST", /^\/v1\/captcha\/challenges\/[\w-]{1,60}\/answer$/],
  ["POST", /^\/v1\/accounts(\/confirm)?$/],
  ["POST", /^\/v1\/sessions\/refresh$/],
  ["GET", /^\/v1\/me$/],
  ["DELETE", /^\/v1\/sessions\/current$/],
  ["GET", /^\/v1\/films(\?[\w=&-]{1,100})?$/],
  ["POST", /^\/v1\/films\/\d{1,10}\/playback$/],
];

const PHONE: Allowed = [
  ["POST", /^\/v1\/accounts\/confirm$/],
  ["POST", /^\/v1\/password-resets\/confirm$/],
  ["POST", /^\/v1\/sessions$/],
  ["GET", /^\/v1\/sessions$/],
  ["DELETE", /^\/v1\/sessions\/(current|[\w-]{36})$/],
  ["GET", new RegExp(`^/v1/device/${CODE}$`)],
  ["POST", new RegExp(`^/v1/device/${CODE}/(approve|deny)$`)],
];

/** A browser that plays a TV says so, as a real one would. */
const TV_AGENT = "Mozilla/5.0 (SMART-TV; Linux) Kinopass stand";
const PASSED_ON = ["authorization", "content-type", "accept-language", "idempotency-key"] as const;
const PASSED_BACK = ["content-type", "retry-after", "x-request-id"] as const;
const DEADLINE_MS = 8_000;

export async function proxyRoutes(scope: FastifyInstance, services: Services): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) =>
    done(null, text),
  );
  for (const [prefix, allowed, agent] of [
    ["/api/tv", TV, TV_AGENT],
    ["/api/phone", PHONE, undefined],
  ] as const) {
    scope.route({
      method: ["GET", "POST", "DELETE"],
      url: `${prefix}/*`,
      handler: async (request, reply) => {
        const path = request.url.slice(prefix.length);
        if (!allowed.some(([method, pattern]) => method === request.method && pattern.test(path)))
          return reply.code(404).send({ code: "not_found" });
        const site = path.startsWith("/v1/films") ? services.catalog : services.auth;
        const answer = await passOn(request, `${site}${path}`, agent);
        if (answer === undefined) return reply.code(503).send({ code: "temporarily_unavailable" });
        for (const name of PASSED_BACK) {
          const value = answer.headers.get(name);
          if (value !== null) reply.header(name, value);
        }
        return reply.code(answer.status).header("cache-control", "no-store").send(answer.text);
      },
    });
  }
}

/** Undefined where the service did not answer in time. */
async function passOn(
  request: FastifyRequest,
  url: string,
  agent: string | undefined,
): Promise<{ status: number; headers: Headers; text: string } | undefined> {
  const headers: Record<string, string> = { "user-agent": agent ?? request.headers["user-agent"] ?? "" };
  for (const name of PASSED_ON) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  try {
    const answer = await fetch(url, {
      method: request.method,
      headers,
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: "error",
      ...(typeof request.body === "string" ? { body: request.body } : {}),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  } catch {
    return undefined;
  }
}
