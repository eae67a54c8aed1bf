import type { Clients } from "./clients.ts";
import { EMULATED } from "./ground.ts";
import type { KeyRing } from "./key-ring.ts";

/** Settings for an app that reads `AUTH_SOCIAL_<PROVIDER>_CLIENT_ID` and the like. */
export async function environmentOf(
  url: string,
  clients: Clients,
  keys: KeyRing,
): Promise<Record<string, string>> {
  const settings: Record<string, string> = { AUTH_SOCIAL_EMULATOR: url };
  for (const name of EMULATED) {
    const { id, secret, publicKey, teamId, keyId } = clients[name];
    const prefix = `AUTH_SOCIAL_${name.toUpperCase()}_`;
    settings[`${prefix}CLIENT_ID`] = id;
    if (name === "apple") {
      settings[`${prefix}TEAM_ID`] = teamId ?? "";
      settings[`${prefix}KEY_ID`] = keyId ?? "";
      settings[`${prefix}PRIVATE_KEY`] = await keys.appleDeveloperKey();
    } else {
      settings[`${prefix}CLIENT_SECRET`] = secret;
    }
    if (publicKey !== undefined) settings[`${prefix}PUBLIC_KEY`] = publicKey;
  }
  return settings;
}
