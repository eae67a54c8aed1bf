import type { FastifyRequest } from "fastify";
import { common } from "./common-refusals.ts";
import type { Server } from "./server.ts";

/**
 * Tells "no such address" (404) from "not with that method" (405, with Allow: RFC 9110 §15.5.6). The
 * router itself only knows that nothing matched.
 */
export function closedPaths(app: Server): void {
  const known: { readonly pattern: RegExp; readonly methods: Set<string>; readonly url: string }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    let path = known.find((entry) => entry.url === url);
    if (path === undefined) {
      path = { pattern: patternOf(url), methods: new Set(), url };
      known.push(path);
    }
    for (const name of Array.isArray(method) ? method : [method]) path.methods.add(name);
  });
  const refusalOf = (request: FastifyRequest): Error => {
    const [path = ""] = request.url.split("?");
    const methods = new Set(
      known.filter(({ pattern }) => pattern.test(path)).flatMap((entry) => [...entry.methods]),
    );
    if (methods.size === 0 || methods.has(request.method)) return common.not_found();
    return common.method_not_allowed({ headers: { allow: [...methods].sort().join(", ") } });
  };
  // After the limiter counted it, before its body is read: nobody waits for that, whatever it says to be.
  app.addHook("preParsing", (request, _reply, _payload, done) => {
    done(request.is404 ? refusalOf(request) : null);
  });
  app.setNotFoundHandler(async (request) => {
    throw refusalOf(request);
  });
}

function patternOf(url: string): RegExp {
  const parts = url
    .split("/")
    .map((part) =>
      part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    );
  return new RegExp(`^${parts.join("/")}$`);
}
