import { type Database, DatabaseAway } from "@kinopass/postgres";
import {
  type AnswerOutcome,
  type AnswerRequest,
  asLevel,
  type ChallengeStore,
  ChallengesAway,
  type IssueOutcome,
  type IssueRequest,
  type OpenTask,
  type RedeemOutcome,
  type RedeemRequest,
} from "./challenge-store.ts";
import type { CaptchaPolicy } from "./policy.ts";
import { issueChallenge, judgeAnswer, purgeChallenges, redeemPass, type TaskRow } from "./queries.ts";
import { HASH_LENGTH } from "./seal.ts";

/** Challenges in PostgreSQL, by the same rules as in Redis: one statement for each operation. */
export class PostgresChallenges implements ChallengeStore {
  readonly #db: Database;
  readonly #policyJson: string;

  constructor({ db, policy }: { readonly db: Database; readonly policy: CaptchaPolicy }) {
    this.#db = db;
    this.#policyJson = JSON.stringify(policy);
  }

  async issue({ draft, network, knownDevice, now }: IssueRequest): Promise<IssueOutcome> {
    const { stem, nonce, binding, language, answers, firstRound } = draft("p");
    const [row] = await asked(
      issueChallenge(
        this.#db,
        network,
        stem,
        now,
        this.#policyJson,
        nonce,
        binding,
        language,
        answers,
        knownDevice,
        firstRound,
      ),
    );
    if (row === undefined || row.kind === "over") return { kind: "over" };
    if (row.kind === "issued") return { kind: "issued", home: "p", task: openTask(row) };
    return { kind: row.kind, retryAfterMs: row.retry_after_ms };
  }

  async answer({ challenge, binding, answer, retryKey, now }: AnswerRequest): Promise<AnswerOutcome> {
    const [row] = await asked(
      judgeAnswer(
        this.#db,
        challenge.network,
        challenge.stem,
        binding,
        answer,
        retryKey,
        now,
        this.#policyJson,
        HASH_LENGTH,
      ),
    );
    switch (row?.outcome) {
      case undefined:
        return { kind: "unknown" };
      case "solved":
      case "solved_again":
        return { kind: "solved", passExpiresAt: row.pass_expires_at };
      case "wrong":
      case "too_fast":
      case "wrong_again":
        return { kind: "wrong", task: openTask(row) };
      case "once_more":
      case "once_more_again":
        return { kind: "once_more", task: openTask(row) };
      case "last_wrong":
      case "last_too_fast":
      case "spent":
        return { kind: "spent" };
      case "expired":
        return { kind: "expired" };
    }
  }

  async redeem({ challenge, binding, now }: RedeemRequest): Promise<RedeemOutcome> {
    const rows = await asked(redeemPass(this.#db, challenge.network, challenge.stem, binding, now));
    return { kind: rows.length === 1 ? "redeemed" : "refused" };
  }

  /** Deletes what is long over, at most `limit` rows of each table; for the purge job. Returns how many. */
  async purge({ now, limit }: { readonly now: Date; readonly limit: number }): Promise<number> {
    const [row] = await asked(purgeChallenges(this.#db, now, limit));
    return row?.deleted ?? 0;
  }
}

/** The database has its own deadlines; what it means is the same as with Redis. */
async function asked<Row>(statement: Promise<{ readonly rows: Row[] }>): Promise<Row[]> {
  try {
    return (await statement).rows;
  } catch (error) {
    throw error instanceof DatabaseAway ? new ChallengesAway(error) : error;
  }
}

function openTask({ nonce, language, round, level, tries_left, expires_at }: TaskRow): OpenTask {
  return { nonce, language, round, level: asLevel(level), triesLeft: tries_left, expiresAt: expires_at };
}
