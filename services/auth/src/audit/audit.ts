/**
 * Who did what to which account. An entry shares the transaction of the change it tells about: there
 * is no change without its entry, and no entry of a change that did not happen. Details hold ids and
 * enums, never secrets, never the old or new value of personal data.
 */
import type { Database, Transaction } from "@kinopass/postgres";
import { currentRequest } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import { type AccountId, newId, type SessionId } from "../ids.ts";
import * as queries from "./queries.ts";

export type Actor =
  | {
      readonly kind: "account";
      readonly id: AccountId;
      readonly sessionId?: SessionId;
      readonly address?: string;
    }
  | { readonly kind: "service"; readonly id: string; readonly address?: string }
  | { readonly kind: "console" }
  | { readonly kind: "system" };

/** `capability.verb` in the past tense, e.g. `password.changed`. */
export interface Act {
  readonly action: `${string}.${string}`;
  /** Whose account it is about; NIL_ACCOUNT for acts on nobody's. */
  readonly accountId: AccountId;
  readonly actor: Actor;
  readonly sessionId?: SessionId;
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[] | null>>;
}

export class Audit {
  readonly #clock: Clock;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** For a statement of a neighbour's that writes its entry itself, to save a round trip. */
  stamp(): { readonly id: string; readonly requestId: string | null } {
    return { id: newId(this.#clock.now()), requestId: currentRequest()?.requestId ?? null };
  }

  async record(tx: Transaction, { action, accountId, actor, sessionId, details = {} }: Act): Promise<void> {
    const now = this.#clock.now();
    const { id = null, address = null } = actor as { id?: string; address?: string };
    const session = sessionId ?? (actor.kind === "account" ? actor.sessionId : undefined) ?? null;
    const { id: entryId, requestId } = this.stamp();
    await queries.insertEntry(
      tx,
      accountId,
      entryId,
      now,
      action,
      actor.kind,
      id,
      session,
      address,
      requestId,
      JSON.stringify(details),
    );
  }

  /** The newest entries about an account, for its export and for administrators. */
  async of(db: Database, accountId: AccountId, limit = 1000): Promise<readonly queries.AuditRow[]> {
    return (await queries.entriesOf(db, accountId, limit)).rows;
  }
}
