/** Every capability, in the order in which they need each other. */
import { AccountSearch } from "../admin/account-search.ts";
import { Administration } from "../admin/administration.ts";
import { Introspection } from "../introspection/introspection.ts";
import { ServiceCredentials } from "../introspection/service-credentials.ts";
import { RevocationFeed } from "../revocations/feed.ts";
import { Polling } from "../revocations/polling.ts";
import { SignInGuard } from "../sign-in-guard/sign-in-guard.ts";
import { buildBackground } from "./background.ts";
import { buildCaptcha } from "./captcha.ts";
import { buildGround, type Ground } from "./ground.ts";
import { buildLimits } from "./limits.ts";
import { buildPeople } from "./people.ts";
import type { Surroundings } from "./surroundings.ts";

export type Capabilities = ReturnType<typeof buildCapabilities>;

export function buildCapabilities(surroundings: Surroundings) {
  const { config, clock } = surroundings;
  const ground = buildGround(surroundings);
  const guarded = { ...ground, ...buildLimits(surroundings, ground) };
  const captcha = buildCaptcha(surroundings, guarded);
  const people = buildPeople(surroundings, ground);
  const known = { ...guarded, ...captcha, ...people, clock };
  return {
    ...guarded,
    ...captcha,
    ...people,
    ...buildBackground(surroundings, known),
    ...buildForServices(surroundings, ground),
    signInGuard: new SignInGuard({ ...known, issuer: config.issuer }),
    administration: new Administration(known),
    search: new AccountSearch(known),
  };
}

/** What other services ask: whether a token still counts, and what was revoked. */
function buildForServices(
  { config, clock, logger }: Surroundings,
  { db, urgent, audit, keys, sessions, accessTokens }: Ground,
) {
  const feed = new RevocationFeed({ db: urgent, clock, keys, logger });
  return {
    feed,
    polling: new Polling({ db, clock, feed, keys, issuer: config.issuer, audience: config.audience }),
    services: new ServiceCredentials({ db, clock, audit }),
    introspection: new Introspection({ db, clock, sessions, accessTokens }),
  };
}
