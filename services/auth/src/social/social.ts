/** Social sign-in as one thing: what is wired and the routes use. */
import type { PostgresDatabase } from "@kinopass/postgres";
import type { FastifyBaseLogger } from "fastify";
import type { Accounts } from "../accounts/accounts.ts";
import type { Erasure } from "../accounts/erasure.ts";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory/directory.ts";
import type { History } from "../history/history.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import type { NewDeviceNotice } from "../passwords/sign-in.ts";
import type { Secrets } from "../secrets.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { BrowserMark } from "./browser.ts";
import { FacebookNotices } from "./facebook-notices.ts";
import type { Flow, Handover } from "./flow.ts";
import { SocialFlows } from "./flows.ts";
import { SocialLinking } from "./linking.ts";
import { SocialLinks } from "./links.ts";
import { OneUse } from "./one-use.ts";
import { type Catalogue, configuredProviders, type Settings } from "./providers/catalogue.ts";
import type { Fetch } from "./providers/provider-client.ts";
import { resealTokens } from "./resealing.ts";
import { ReturnTo } from "./return-to.ts";
import { Revoker } from "./revoker.ts";
import { SocialSignIn } from "./sign-in.ts";

export interface SocialConfig {
  /** `AUTH_SOCIAL_<PROVIDER>_*`, checked when the configuration was read. */
  readonly settings: Settings;
  /** Where flows may end: exact addresses, and origins followed by `/*`. */
  readonly returnTo: readonly string[];
}

/** What must be there before accounts are: what they keep, and who takes permissions back. */
export interface SocialBase {
  readonly catalogue: Catalogue;
  readonly revoker: Revoker;
  readonly links: SocialLinks;
}

interface BaseDependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly mail: MailQueue;
  readonly logger: FastifyBaseLogger;
  readonly config: SocialConfig;
  readonly fetch: Fetch;
}

export function socialBase({ config, fetch, ...given }: BaseDependencies): SocialBase {
  const catalogue = configuredProviders(config.settings, { fetch, clock: given.clock });
  const revoker = new Revoker({ ...given, providers: catalogue.providers });
  return { catalogue, revoker, links: new SocialLinks({ ...given, revoker }) };
}

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly logger: FastifyBaseLogger;
  readonly accounts: Accounts;
  readonly erasure: Erasure;
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly history: History;
  readonly newDevices: NewDeviceNotice;
  readonly audit: Audit;
  readonly mail: MailQueue;
  readonly base: SocialBase;
  readonly config: SocialConfig;
  readonly issuer: string;
}

export type Social = ReturnType<typeof socialOf>;

export function socialOf({ base, config, issuer, ...given }: Dependencies) {
  const { links, revoker } = base;
  const { providers, facebookAppSecret: appSecret } = base.catalogue;
  const states = new OneUse<Flow>("state", given);
  const codes = new OneUse<Handover>("code", given);
  const known = { ...given, links, revoker, codes, providers };
  const signIn = new SocialSignIn(known);
  const linking = new SocialLinking(known);
  const flows = new SocialFlows({
    ...given,
    states,
    providers,
    issuer,
    arrivals: {
      sign_in: (flow, profile, client) => signIn.arrive(flow, profile, client),
      link: (flow, profile, client) => linking.arrive(flow, profile, client),
    },
  });
  return {
    providers,
    issuer,
    links,
    revoker,
    signIn,
    linking,
    flows,
    facebook: new FacebookNotices({ ...known, linking, appSecret }),
    mark: new BrowserMark({ issuer }),
    returnTo: new ReturnTo(config.returnTo),
    /** Everything kept here for longer than minutes, sealed with the newest master key. */
    reseal: () => resealTokens(given),
    /** What ran out, and permissions that are due to be taken back. */
    purge: async (limit: number) => {
      await revoker.round();
      return await states.purge(limit);
    },
  };
}
