import type { Environment, Reader } from "@kinopass/config";
import { systemClock } from "../clock.ts";
import { configuredProviders } from "./providers/catalogue.ts";
import { returnToMistake } from "./return-to.ts";
import type { SocialConfig } from "./social.ts";

const PREFIX = "AUTH_SOCIAL_";
const RETURN_TO = "AUTH_SOCIAL_RETURN_TO";

/** Reads `AUTH_SOCIAL_*`; its mistakes are told together with all the others. `siteUrl` is the default place to return to. */
export function readSocialSettings(
  reader: Reader,
  env: Environment,
  { issuer, siteUrl }: { readonly issuer: string; readonly siteUrl: string },
): SocialConfig {
  const names = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && name !== RETURN_TO && name !== `${RETURN_TO}_FILE`)
    .map((name) => name.replace(/_FILE$/, ""));
  const settings = Object.fromEntries([...new Set(names)].map((name) => [name, reader.optional(name)]));
  const { mistakes, providers } = configuredProviders(settings, {
    fetch: globalThis.fetch,
    clock: systemClock,
  });
  for (const mistake of mistakes) reader.mistake(mistake);
  const given = reader.list(RETURN_TO);
  for (const entry of given) {
    const mistake = returnToMistake(entry);
    if (mistake !== undefined) reader.mistake(mistake);
  }
  if (providers.size > 0 && !isSafeOrigin(issuer))
    reader.mistake("AUTH_ISSUER must be https for social sign-in: its cookies and codes travel there");
  const ownSite = URL.canParse(siteUrl) ? `${new URL(siteUrl).origin}/*` : siteUrl;
  return { settings, returnTo: given.length > 0 ? given : [ownSite] };
}

/** Plain http is for one's own machine. */
function isSafeOrigin(issuer: string): boolean {
  if (!URL.canParse(issuer)) return true;
  const { protocol, hostname } = new URL(issuer);
  return protocol === "https:" || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
