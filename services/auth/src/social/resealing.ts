/**
 * Providers' tokens outlive the master key they were sealed with: a link may lie untouched for years, and unlinking it
 * must still take the permission back. `kinopass keys reseal` seals them anew, so that an old key can go.
 */
import type { Database } from "@kinopass/postgres";
import { type AccountId, NIL_ACCOUNT } from "../ids.ts";
import type { Resealing, Secrets } from "../secrets.ts";
import { contextOfTokens } from "./links.ts";
import type { SocialAccountId } from "./queries.ts";
import * as queries from "./queries.ts";
import { contextOfRevocation } from "./revoker.ts";

const PAGE = 500;

interface Dependencies {
  readonly db: Database;
  readonly secrets: Secrets;
}

/** Safe beside running replicas and a second operator: every write compares with what was read. */
export async function resealTokens({ db, secrets }: Dependencies): Promise<Resealing> {
  const links = await resealLinks(db, secrets);
  const waiting = await resealRevocations(db, secrets);
  return { resealed: links.resealed + waiting.resealed, lost: links.lost + waiting.lost };
}

async function resealLinks(db: Database, secrets: Secrets): Promise<Resealing> {
  let [resealed, lost] = [0, 0];
  let last: { account_id: AccountId; id: SocialAccountId } | undefined = {
    account_id: NIL_ACCOUNT,
    id: NIL_ACCOUNT as string as SocialAccountId,
  };
  while (last !== undefined) {
    const { rows }: { rows: queries.SealedTokensRow[] } = await queries.sealedAfter(
      db,
      last.account_id,
      last.id,
      PAGE,
    );
    const changes = rows.flatMap(({ account_id, id, sealed_tokens: was }) => {
      const anew = was === null ? undefined : secrets.resealed(was, contextOfTokens(account_id, id));
      if (anew === "lost") lost += 1;
      return anew === undefined || anew === "lost" ? [] : [{ account_id, id, was, anew }];
    });
    if (changes.length > 0) {
      const column = <Name extends keyof (typeof changes)[number]>(name: Name) =>
        changes.map((change) => change[name]);
      const [accounts, ids, was, anew] = [column("account_id"), column("id"), column("was"), column("anew")];
      resealed += (await queries.resealTokens(db, accounts, ids, was, anew)).rowCount;
    }
    last = rows.length < PAGE ? undefined : rows.at(-1);
  }
  return { resealed, lost };
}

async function resealRevocations(db: Database, secrets: Secrets): Promise<Resealing> {
  let [resealed, lost] = [0, 0];
  let last: string | undefined = NIL_ACCOUNT;
  while (last !== undefined) {
    const { rows }: { rows: Pick<queries.RevocationRow, "id" | "sealed">[] } =
      await queries.waitingRevocations(db, last, PAGE);
    for (const { id, sealed: was } of rows) {
      const anew = secrets.resealed(was, contextOfRevocation(id));
      if (anew === "lost") lost += 1;
      else if (anew !== undefined) resealed += (await queries.resealRevocation(db, id, was, anew)).rowCount;
    }
    last = rows.length < PAGE ? undefined : rows.at(-1)?.id;
  }
  return { resealed, lost };
}
