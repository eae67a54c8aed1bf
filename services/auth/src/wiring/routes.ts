/** Every capability's routes, on one server. */
import { healthRoutes, type Server } from "@kinopass/http";
import { emailRoutes } from "../accounts/email-routes.ts";
import { meRoutes } from "../accounts/me-routes.ts";
import { signUpRoutes } from "../accounts/routes.ts";
import { adminRoutes } from "../admin/routes.ts";
import { captchaRoutes } from "../captcha/routes.ts";
import { historyRoutes } from "../history/routes.ts";
import { introspectionRoutes } from "../introspection/routes.ts";
import { credentialRefusals } from "../introspection/service-credentials.ts";
import { pairingRoutes } from "../pairing/routes.ts";
import { passwordRoutes } from "../passwords/password-routes.ts";
import { signInRoutes } from "../passwords/routes.ts";
import { regionRoutes } from "../regions/routes.ts";
import { revocationRoutes } from "../revocations/routes.ts";
import { grantRoutes } from "../roles/grant-routes.ts";
import { roleRoutes } from "../roles/routes.ts";
import { sessionRoutes } from "../sessions/routes.ts";
import { facebookRoutes } from "../social/facebook-routes.ts";
import { socialMeRoutes } from "../social/me-routes.ts";
import { socialRoutes } from "../social/routes.ts";
import { tokenRoutes } from "../tokens/routes.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Surroundings } from "./surroundings.ts";

export async function addRoutes(
  app: Server,
  { config, clock }: Pick<Surroundings, "config" | "clock">,
  capabilities: Capabilities,
): Promise<void> {
  const { issuer, audience, siteUrl } = config;
  const { pulse, social } = capabilities;
  healthRoutes(app, [{ name: "database", check: () => pulse.beats() }]);
  tokenRoutes(app, { ...capabilities, issuer });
  regionRoutes(app, capabilities);
  sessionRoutes(app, capabilities);
  signUpRoutes(app, capabilities);
  signInRoutes(app, capabilities);
  passwordRoutes(app, capabilities);
  meRoutes(app, { ...capabilities, clock });
  emailRoutes(app, capabilities);
  historyRoutes(app, capabilities);
  await socialRoutes(app, social);
  socialMeRoutes(app, capabilities);
  await facebookRoutes(app, social);
  captchaRoutes(app, capabilities);
  pairingRoutes(app, { ...capabilities, siteUrl });
  roleRoutes(app, capabilities);
  grantRoutes(app, capabilities);
  adminRoutes(app, { ...capabilities, clock });
  await introspectionRoutes(app, { ...capabilities, issuer, audience });
  revocationRoutes(app, { ...capabilities, credentialRefusals, issuer, audience });
}
