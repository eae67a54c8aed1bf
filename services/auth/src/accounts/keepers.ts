import type { Refusal } from "@kinopass/http";
import type { Transaction } from "@kinopass/postgres";
import type { Identifier } from "../directory/directory.ts";
import type { AccountId, RegionCode } from "../ids.ts";

/**
 * A capability that keeps something about accounts. It says what it holds when somebody takes their data,
 * follows a move, and forgets when the account is erased; accounts knows no more about it than this.
 */
export interface Keeper {
  /** Its place in the export. */
  readonly name: string;
  /** What `erase` may refuse. */
  readonly refuses?: readonly Refusal[];
  /** What it holds, as plain JSON; undefined where that is nothing to show. Read outside any transaction. */
  export?(id: AccountId): Promise<unknown>;
  /** Identifiers besides the e-mail: the directory moves and forgets them with the account. */
  identifiers?(tx: Transaction, id: AccountId): Promise<readonly Identifier[]>;
  /** The account lives in another region from now on. */
  move?(tx: Transaction, id: AccountId, to: RegionCode): Promise<void>;
  /** Somebody recovered the account by its mailbox: ways in that they did not confirm must not outlive that. */
  recover?(tx: Transaction, id: AccountId): Promise<void>;
  erase?(tx: Transaction, id: AccountId): Promise<void>;
}

/** Every identifier of the account, its e-mail included. */
export async function identifiersOf(
  tx: Transaction,
  keepers: readonly Keeper[],
  { id, email }: { readonly id: AccountId; readonly email: string | null },
): Promise<readonly Identifier[]> {
  const found: Identifier[] = email === null ? [] : [{ kind: "email", address: email }];
  for (const keeper of keepers) found.push(...((await keeper.identifiers?.(tx, id)) ?? []));
  return found;
}
