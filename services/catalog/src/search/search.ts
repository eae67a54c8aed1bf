/**
 * Finding what somebody meant. First the words as they stand, the last one perhaps unfinished; where
 * nothing is found, the words that a typo could have made of them. So a search without a typo never pays
 * for forgiveness, and never gets neighbours mixed into what was asked for.
 */
import type { Database, Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import { fold } from "../text/fold.ts";
import { learnWords, meaningsOf } from "./queries.ts";
import { exactQuery, forgivingQuery, learntWords, spellingsOf, wordsOf } from "./words.ts";

export { joinedPairs } from "./words.ts";

/** Which of the two searches a page is from; a cursor carries it on. */
export const EXACT = 0;
export const FORGIVING = 1;

export type Mode = typeof EXACT | typeof FORGIVING;

/** What the database is asked. */
export interface SearchTerms {
  readonly folded: string;
  /** For a cast to tsquery. */
  readonly tsquery: string;
}

export class Search {
  readonly #db: Database;

  constructor({ db }: { db: Database }) {
    this.#db = db;
  }

  /** The terms of a query in one of the modes; undefined for a query without a letter or digit. */
  @trace("search.terms")
  async terms(query: string, mode: Mode): Promise<SearchTerms | undefined> {
    const folded = fold(query);
    if (folded === "") return undefined;
    const words = wordsOf(folded);
    if (mode === EXACT) return { folded, tsquery: exactQuery(words) };
    const asked = [...new Set(words)].flatMap((word) =>
      spellingsOf(word).map((spelling) => ({ word, spelling })),
    );
    const { rows } = await meaningsOf(
      this.#db,
      asked.map(({ word }) => word),
      asked.map(({ spelling }) => spelling),
    );
    const meanings = new Map(rows.map((row) => [row.asked, row.words]));
    return { folded, tsquery: forgivingQuery(words, meanings) };
  }
}

/** Makes the words of these folded texts known, so that typos of them are forgiven. */
export async function learn(tx: Transaction, folded: readonly string[]): Promise<void> {
  await learnWords(tx, [...new Set(folded.flatMap(learntWords))]);
}
