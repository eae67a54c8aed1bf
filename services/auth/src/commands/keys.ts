import type { Environment } from "@kinopass/config";
import type { Transaction } from "@kinopass/postgres";
import { Audit } from "../audit/audit.ts";
import { systemClock } from "../clock.ts";
import { NIL_ACCOUNT } from "../ids.ts";
import { maintenanceDatabase } from "../partitions/upkeep.ts";
import { Secrets } from "../secrets.ts";
import { type KeyReport, SigningKeys } from "../tokens/signing-keys.ts";
import { CONSOLE, mastersOf } from "./console.ts";

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
