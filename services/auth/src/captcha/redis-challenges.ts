import type { Cluster, Redis } from "ioredis";
import {
  type AnswerOutcome,
  type AnswerRequest,
  asLevel,
  type ChallengeRef,
  type ChallengeStore,
  type IssueOutcome,
  type IssueRequest,
  type OpenTask,
  type RedeemOutcome,
  type RedeemRequest,
} from "./challenge-store.ts";
import type { CaptchaPolicy } from "./policy.ts";
import { type RedisReply, RedisScripts, script } from "./redis-scripts.ts";
import { HASH_LENGTH } from "./seal.ts";

const ISSUE = script("issue.lua");
const ANSWER = script("answer.lua");
const REDEEM = script("redeem.lua");

/** Challenges in Redis: one script for each operation, one hash for each challenge, gone by itself. */
export class RedisChallenges implements ChallengeStore {
  readonly #scripts: RedisScripts;
  readonly #policyJson: string;

  constructor({
    redis,
    policy,
    deadlineMs,
  }: { readonly redis: Redis | Cluster; readonly policy: CaptchaPolicy; readonly deadlineMs: number }) {
    this.#scripts = new RedisScripts(redis, deadlineMs);
    this.#policyJson = JSON.stringify(policy);
  }

  async issue({ draft, network, knownDevice, now }: IssueRequest): Promise<IssueOutcome> {
    const { stem, nonce, binding, language, answers, firstRound } = draft("r");
    const [kind, ...rest] = await this.#scripts.run(ISSUE, keysOf({ stem, network }), [
      now.getTime(),
      this.#policyJson,
      nonce,
      binding,
      language,
      answers,
      knownDevice ? 1 : 0,
      firstRound,
    ]);
    if (kind === "issued") return { kind, home: "r", task: openTask(rest) };
    if (kind === "paused" || kind === "refused") return { kind, retryAfterMs: Number(rest[0]) };
    return { kind: "over" };
  }

  async answer({ challenge, binding, answer, retryKey, now }: AnswerRequest): Promise<AnswerOutcome> {
    const reply = await this.#scripts.run(ANSWER, keysOf(challenge), [
      now.getTime(),
      this.#policyJson,
      binding,
      answer,
      retryKey,
      HASH_LENGTH,
    ]);
    const [kind, ...rest] = reply;
    if (kind === "solved") return { kind, passExpiresAt: new Date(Number(rest[0])) };
    if (kind === "wrong" || kind === "once_more") return { kind, task: openTask(rest) };
    return { kind: kind === "spent" || kind === "expired" ? kind : "unknown" };
  }

  async redeem({ challenge, binding, now }: RedeemRequest): Promise<RedeemOutcome> {
    const redeemed = await this.#scripts.run(REDEEM, keysOf(challenge).slice(0, 1), [now.getTime(), binding]);
    return { kind: Number(redeemed) === 1 ? "redeemed" : "refused" };
  }
}

/** The network stands in braces: Redis Cluster puts both keys into its slot. */
function keysOf({ stem, network }: Pick<ChallengeRef, "stem" | "network">): string[] {
  return [`captcha:{${network}}:challenge:${stem}`, `captcha:{${network}}:network`];
}

function openTask([nonce, language, round, level, triesLeft, expiresMs]: RedisReply): OpenTask {
  return {
    nonce: String(nonce),
    language: language === "en" ? "en" : "ru",
    round: Number(round),
    level: asLevel(Number(level)),
    triesLeft: Number(triesLeft),
    expiresAt: new Date(Number(expiresMs)),
  };
}
