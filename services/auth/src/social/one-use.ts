import { createHash, randomBytes } from "node:crypto";
import type { Database } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import type { Secrets } from "../secrets.ts";
import * as queries from "./queries.ts";

/** `state` travels through the provider, `code` through the client's page. */
export type OneUseKind = "state" | "code";

const LIVES_MS = { state: 10 * 60_000, code: 60_000 } as const;
/** 256 bits, 43 characters; a state takes no prefix, VK counts its characters. */
const PREFIX = { state: "", code: "kp_sc_" } as const;
const SHAPE = { state: /^[A-Za-z0-9_-]{43}$/, code: /^kp_sc_[A-Za-z0-9_-]{43}$/ } as const;

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly secrets: Secrets;
}

/** Secrets that are handed out and come back once. The database holds their hash; what they stand for is sealed. */
export class OneUse<Payload extends object> {
  readonly #given: Dependencies;
  readonly #kind: OneUseKind;

  constructor(kind: OneUseKind, dependencies: Dependencies) {
    this.#kind = kind;
    this.#given = dependencies;
  }

  /** Makes a secret, in a transaction of the caller's or on its own. */
  async issue(payload: Payload, on: Database = this.#given.db): Promise<string> {
    const { clock, secrets } = this.#given;
    const secret = PREFIX[this.#kind] + randomBytes(32).toString("base64url");
    const hash = hashOf(secret);
    const expiresAt = new Date(clock.now().getTime() + LIVES_MS[this.#kind]);
    const sealed = secrets.seal(JSON.stringify(payload), this.#context(hash));
    await queries.keepSecret(on, hash, this.#kind, expiresAt, sealed);
    return secret;
  }

  /** What the secret stands for; undefined where it is unknown, used or late. In every case it is burnt. */
  async take(secret: string): Promise<Payload | undefined> {
    if (!SHAPE[this.#kind].test(secret)) return undefined;
    const { clock, db, secrets } = this.#given;
    const hash = hashOf(secret);
    const row = (await queries.takeSecret(db, hash, this.#kind)).rows[0];
    if (row === undefined || row.expires_at <= clock.now()) return undefined;
    const opened = secrets.open(row.sealed, this.#context(hash));
    return opened === undefined ? undefined : (JSON.parse(opened.toString("utf8")) as Payload);
  }

  /** Deletes a batch of what ran out, of every kind; tells how many. */
  async purge(limit: number): Promise<number> {
    return (await queries.purgeSecrets(this.#given.db, this.#given.clock.now(), limit)).rowCount;
  }

  #context(hash: Buffer): string {
    return `social_flow/${this.#kind}/${hash.toString("hex")}`;
  }
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
