import type { Environment } from "@kinopass/config";
import type { Transaction } from "@kinopass/postgres";
import { Audit } from "../audit/audit.ts";
import { systemClock } from "../clock.ts";
import { NIL_ACCOUNT } from "../ids.ts";
import { maintenanceDatabase } from "../partitions/upkeep.ts";
import { type Resealing, Secrets } from "../secrets.ts";
import { type KeyReport, SigningKeys } from "../tokens/signing-keys.ts";
import { CONSOLE, type Console, mastersOf } from "./console.ts";

export type { KeyReport } from "../tokens/signing-keys.ts";

export interface KeyConsole {
  list(): Promise<readonly KeyReport[]>;
  /** next → current → previous, and a fresh next. Tokens signed so far stay valid. */
  rotate(): Promise<readonly KeyReport[]>;
  /** Takes a leaked key out of use; every token it signed is refused. False where it is not in use. */
  withdraw(kid: string): Promise<boolean>;
  close(): Promise<void>;
}

export function openKeys(env: Environment): KeyConsole {
  const { databaseUrl, masters } = mastersOf(env);
  const db = maintenanceDatabase(databaseUrl);
  const audit = new Audit({ clock: systemClock });
  // Signing keys are sealed, never looked up in the directory: its key stays out of this.
  const secrets = new Secrets({ masters, directoryKey: Buffer.alloc(0) });
  const keys = new SigningKeys({ db, clock: systemClock, secrets });
  const note = (action: `key.${string}`) => (tx: Transaction, kid: string) =>
    audit.record(tx, { action, accountId: NIL_ACCOUNT, actor: CONSOLE, details: { kid } });
  return {
    list: () => keys.list(),
    rotate: () => keys.rotate(note("key.rotated")),
    withdraw: (kid) => keys.withdraw(kid, note("key.withdrawn")),
    close: () => db.close(),
  };
}

/**
 * Seals anew what must outlive the master key it was sealed with: signing keys and providers' tokens. Afterwards no old
 * key of AUTH_KEYS is needed for them. Codes, letters and sign-ins under way run out by themselves within a day.
 */
export async function reseal({ capabilities: { keys, social } }: Console): Promise<Resealing> {
  const [signing, tokens] = [await keys.reseal(), await social.reseal()];
  return { resealed: signing.resealed + tokens.resealed, lost: signing.lost + tokens.lost };
}
