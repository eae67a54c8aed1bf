/**
 * Loaded before a service, puts stand-ins that do nothing in the place of @kinopass/tracing: how the service would run
 * had nobody ever written a line of tracing. Request ids stay, for they are in answers, log lines and audit rows whether
 * or not anything is traced.
 */
import { registerHooks } from "node:module";

const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/\/packages\/tracing\/dist\/index\.js$/, "./stand-in-ids.js"],
  [/\/packages\/tracing\/dist\/fastify\.js$/, "./stand-in-fastify.js"],
  [/\/packages\/tracing\/dist\/register\.js$/, "./stand-in-register.js"],
];

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const found = STAND_INS.find(([pattern]) => pattern.test(resolved.url))?.[1];
    return found === undefined ? resolved : { ...resolved, url: new URL(found, import.meta.url).href };
  },
});
