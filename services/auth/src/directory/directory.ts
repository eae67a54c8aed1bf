/**
 * The directory says which account an e-mail or a social account belongs to, and where that account
 * lives. It is the only place of uniqueness: PostgreSQL cannot promise it across the regions of
 * auth.accounts. It holds keyed hashes, no personal text.
 */
import type { Database, Transaction } from "@kinopass/postgres";
import { type AccountId, birthRegionOf, type RegionCode } from "../ids.ts";
import type { Secrets } from "../secrets.ts";
import * as queries from "./queries.ts";

/** What a person signs in with, before it is hashed. */
export type Identifier =
  | { readonly kind: "email"; readonly address: string }
  | { readonly kind: "social"; readonly provider: string; readonly subject: string };

export interface AccountRef {
  readonly id: AccountId;
  readonly region: RegionCode;
}

const KINDS = { email: 1, social: 2 } as const;

export class Directory {
  readonly #db: Database;
  readonly #secrets: Secrets;

  constructor({ db, secrets }: { db: Database; secrets: Secrets }) {
    this.#db = db;
    this.#secrets = secrets;
  }

  async find(identifier: Identifier): Promise<AccountRef | undefined> {
    const { rows } = await queries.findOwner(this.#db, this.hash(identifier), KINDS[identifier.kind]);
    return rows[0] === undefined ? undefined : { id: rows[0].account_id, region: rows[0].region };
  }

  /** False where somebody owns the identifier already, perhaps since a microsecond ago. */
  async claim(tx: Transaction, identifier: Identifier, owner: AccountRef, now: Date): Promise<boolean> {
    const { rows } = await queries.claim(
      tx,
      this.hash(identifier),
      KINDS[identifier.kind],
      owner.region,
      owner.id,
      now,
    );
    return rows.length === 1;
  }

  async release(tx: Transaction, identifier: Identifier, owner: AccountId): Promise<boolean> {
    const { rows } = await queries.release(tx, this.hash(identifier), KINDS[identifier.kind], owner);
    return rows.length === 1;
  }

  /** Follows a moved account: its identifiers name the new region, and a forwarding row does for bare ids. */
  async move(
    tx: Transaction,
    owner: AccountId,
    to: RegionCode,
    identifiers: readonly Identifier[],
    now: Date,
  ): Promise<void> {
    for (const identifier of identifiers) {
      await queries.moveOwned(tx, this.hash(identifier), KINDS[identifier.kind], to, owner);
    }
    if (birthRegionOf(owner) === to) await queries.forgetRelocation(tx, owner);
    else await queries.relocate(tx, owner, to, now);
  }

  async forget(tx: Transaction, owner: AccountId, identifiers: readonly Identifier[]): Promise<void> {
    for (const identifier of identifiers) await this.release(tx, identifier, owner);
    await queries.forgetRelocation(tx, owner);
  }

  /** Both columns of the table's key. */
  key(identifier: Identifier): { readonly hash: Buffer; readonly kind: number } {
    return { hash: this.hash(identifier), kind: KINDS[identifier.kind] };
  }

  /** What stands in the table for an identifier; codes and limits use it as a key as well. */
  hash(identifier: Identifier): Buffer {
    return identifier.kind === "email"
      ? this.#secrets.directoryHash("email", identifier.address)
      : this.#secrets.directoryHash("social", `${identifier.provider}\x1f${identifier.subject}`);
  }
}
