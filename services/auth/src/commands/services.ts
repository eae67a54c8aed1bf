import type { Environment } from "@kinopass/config";
import { type Scope, ServiceCredentials } from "../introspection/service-credentials.ts";
import { CONSOLE, openDatabase } from "./console.ts";

export type { Scope } from "../introspection/service-credentials.ts";

/** Service credentials, for the console. */
export function openServices(env: Environment) {
  const opened = openDatabase(env);
  const services = new ServiceCredentials(opened);
  return {
    /** Refuses `service_exists`. The secret is shown now and never again. */
    add: (name: string, scopes: readonly Scope[]) => services.add(CONSOLE, name, scopes),
    list: () => services.list(),
    disable: (idOrName: string) => services.disable(CONSOLE, idOrName),
    close: () => opened.close(),
  };
}
