/** For tests: the whole service, the emulated networks, and browsers with a cookie jar of their own. */
import type { TestContext } from "node:test";
import { createLogger } from "@kinopass/http";
import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { type Auth, buildAuth } from "../app.ts";
import { KeptMails } from "../testing/kept-mails.ts";
import { type Overrides, startTestAuth, type TestAuth } from "../testing/start-auth.ts";
import { Browser } from "./browser.test-support.ts";
import type { Emulators } from "./providers/emulated.ts";
import { PROVIDER_NAMES } from "./providers/provider.ts";

interface EmulatorsPackage {
  startEmulators(options: { clock: { now(): Date } }): Promise<Emulators>;
}

// By name, so that compiling the service does not wait for a package that only its tests run.
const PACKAGE: string = "@kinopass/emulators";
const { startEmulators } = (await import(PACKAGE)) as EmulatorsPackage;

export { pkce, SITE } from "./browser.test-support.ts";
export const ISSUER = "http://127.0.0.1:8000";
export const ALL = PROVIDER_NAMES;

export interface SocialTest extends TestAuth {
  readonly emulators: Emulators;
  /** Every address asked at the providers by the service, in order. */
  readonly calls: URL[];
  browser(): Browser;
}

export async function startSocial(
  t: Pick<TestContext, "after">,
  { config, surroundings, returnTo }: Overrides & { readonly returnTo?: readonly string[] } = {},
): Promise<SocialTest> {
  let clock = { now: () => new Date(0) };
  const emulators = await startEmulators({ clock: { now: () => clock.now() } });
  t.after(() => emulators.close());
  const calls: URL[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    calls.push(new URL(String(input)));
    return globalThis.fetch(input, init);
  };
  const auth = await startTestAuth(t, {
    config: {
      issuer: ISSUER,
      social: {
        settings: emulators.environment,
        returnTo: returnTo ?? ["http://site.test/*", "app.kinopass:/signed-in"],
      },
      ...config,
    },
    surroundings: { fetch, ...surroundings },
  });
  clock = auth.clock;
  return { ...auth, emulators, calls, browser: () => new Browser(auth) };
}

/** Another replica on the same database. */
export async function anotherInstance(
  t: Pick<TestContext, "after">,
  { config, clock }: Pick<TestAuth, "config" | "clock">,
  prepared = true,
): Promise<Auth> {
  const auth = await buildAuth({
    config,
    clock,
    logger: createLogger({ level: "silent", service: "auth" }),
    demandDocumentedCodes: true,
    mailer: new KeptMails(),
    policies: { ...DEFAULT_POLICIES, allow: ["127.0.0.0/8"] },
  });
  if (prepared) await auth.prepare();
  t.after(async () => {
    await auth.app.close();
    await auth.close();
  });
  return auth;
}
