import {
  type AnswerOutcome,
  type AnswerRequest,
  asLevel,
  type ChallengeStore,
  type IssueOutcome,
  type IssueRequest,
  type OpenTask,
  type RedeemOutcome,
  type RedeemRequest,
  withDeadline,
} from "./challenge-store.ts";
import type { TaskLanguage } from "./number-words.ts";
import type { CaptchaPolicy } from "./policy.ts";
import { ANSWER, ISSUE, PURGE, REDEEM } from "./queries.ts";
import { HASH_LENGTH } from "./seal.ts";

/** What is needed of a PostgreSQL client; a `pg` pool is one. */
export interface Queryable {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

interface TaskRow {
  readonly nonce: string;
  readonly language: TaskLanguage;
  readonly round: number;
  readonly level: number;
  readonly tries_left: number;
  readonly expires_at: Date;
}

interface IssueRow extends TaskRow {
  readonly kind: "issued" | "paused" | "refused" | "over";
  readonly retry_after_ms: number;
}

interface AnswerRow extends TaskRow {
  readonly outcome:
    | "solved"
    | "solved_again"
    | "wrong"
    | "too_fast"
    | "wrong_again"
    | "last_wrong"
    | "last_too_fast"
    | "spent"
    | "expired";
  readonly pass_expires_at: Date;
}

/** Challenges in PostgreSQL, by the same rules as in Redis: one statement for each operation. */
export class PostgresChallenges implements ChallengeStore {
  readonly #db: Queryable;
  readonly #policyJson: string;
  readonly #deadlineMs: number;

  constructor({
    db,
    policy,
    deadlineMs,
  }: { readonly db: Queryable; readonly policy: CaptchaPolicy; readonly deadlineMs: number }) {
    this.#db = db;
    this.#policyJson = JSON.stringify(policy);
    this.#deadlineMs = deadlineMs;
  }

  async issue({ draft, network, knownDevice, now }: IssueRequest): Promise<IssueOutcome> {
    const { stem, nonce, binding, language, answers } = draft("p");
    const [row] = await this.#run<IssueRow>(ISSUE, [
      network,
      stem,
      now,
      this.#policyJson,
      nonce,
      binding,
      language,
      answers,
      knownDevice,
    ]);
    if (row === undefined || row.kind === "over") return { kind: "over" };
    if (row.kind === "issued") return { kind: "issued", home: "p", task: openTask(row) };
    return { kind: row.kind, retryAfterMs: row.retry_after_ms };
  }

  async answer({ challenge, binding, answer, retryKey, now }: AnswerRequest): Promise<AnswerOutcome> {
    const [row] = await this.#run<AnswerRow>(ANSWER, [
      challenge.network,
      challenge.stem,
      binding,
      answer,
      retryKey,
      now,
      this.#policyJson,
      HASH_LENGTH,
    ]);
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
      case "last_wrong":
      case "last_too_fast":
      case "spent":
        return { kind: "spent" };
      case "expired":
        return { kind: "expired" };
    }
  }

  async redeem({ challenge, binding, now }: RedeemRequest): Promise<RedeemOutcome> {
    const rows = await this.#run(REDEEM, [challenge.network, challenge.stem, binding, now]);
    return { kind: rows.length === 1 ? "redeemed" : "refused" };
  }

  /** Deletes what is long over, at most `limit` rows of each table; for the purge job. Returns how many. */
  async purge({ now, limit }: { readonly now: Date; readonly limit: number }): Promise<number> {
    const [row] = await this.#run<{ readonly deleted: number }>(PURGE, [now, limit]);
    return row?.deleted ?? 0;
  }

  async #run<Row>(text: string, values: unknown[]): Promise<readonly Row[]> {
    const { rows } = await withDeadline(this.#deadlineMs, this.#db.query(text, values));
    return rows as readonly Row[];
  }
}

function openTask({ nonce, language, round, level, tries_left, expires_at }: TaskRow): OpenTask {
  return { nonce, language, round, level: asLevel(level), triesLeft: tries_left, expiresAt: expires_at };
}
