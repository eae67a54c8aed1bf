/**
 * A code is eight digits that were mailed: whoever types them in has read the mailbox. It lives ten
 * minutes, works once and survives five wrong tries (ASVS 6.5.1-6.5.5, 6.6.3: five guesses at one of 10⁸).
 *
 * Codes belong to a subject: the keyed hash of an address or of an account. Several may be alive at
 * once, since each carries what it confirms (somebody else's sign-up with the same address must not
 * replace yours), but no more than five: the oldest gives way.
 */
import { randomBytes, randomInt } from "node:crypto";
import { refusals } from "@kinopass/http";
import type { Database, Transaction } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import { newId } from "../ids.ts";
import type { Secrets } from "../secrets.ts";
import * as queries from "./queries.ts";

export const refuse = refusals({
  code_wrong: {
    status: 400,
    title: { en: "The code is wrong or has run out", ru: "Код неверный или истёк" },
    detail: {
      en: "Check the newest mail, or ask for another code",
      ru: "Проверьте последнее письмо или запросите новый код",
    },
  },
});

export type CodePurpose = "sign_up" | "password_reset" | "email_change";

/** Eight decimal digits. */
export const CODE_PATTERN = "^[0-9]{8}$";
const CODE_LIVES_MS = 10 * 60 * 1000;
const MOST_TRIES = 5;
const MOST_ALIVE = 5;

/** Which code is meant: of whom and for what. */
export interface CodeKey {
  /** 32 bytes: a keyed hash, never the address itself. */
  readonly subject: Buffer;
  readonly purpose: CodePurpose;
}

export interface IssuedCode {
  readonly id: string;
  /** To be mailed, and told nowhere else. */
  readonly code: string;
  readonly expiresAt: Date;
}

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly secrets: Secrets;
}

export class Codes {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #secrets: Secrets;

  constructor({ db, clock, secrets }: Dependencies) {
    this.#db = db;
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Makes a code; `payload` (JSON) is sealed beside it and given back to whoever redeems it. */
  async issue(tx: Transaction, { subject, purpose }: CodeKey, payload: object): Promise<IssuedCode> {
    const now = this.#clock.now();
    const id = newId<"code">(now);
    const code = String(randomInt(100_000_000)).padStart(8, "0");
    const expiresAt = new Date(now.getTime() + CODE_LIVES_MS);
    const codeHash = this.#hash({ subject, purpose }, code, this.#secrets.newest);
    const sealed = this.#secrets.seal(JSON.stringify(payload), `code/${id}`);
    await queries.issue(tx, subject, purpose, id, codeHash, now, expiresAt, sealed, MOST_ALIVE - 1);
    return { id, code, expiresAt };
  }

  /**
   * The payload of the code, or undefined where there is no such code (any more). The caller commits
   * in both cases: a rollback would forget the wrong try.
   */
  async redeem<Payload>(tx: Transaction, key: CodeKey, code: string): Promise<Payload | undefined> {
    const hashes = this.#secrets.accepted.map((keyId) => this.#hash(key, code, keyId));
    const { rows } = await queries.redeem(
      tx,
      key.subject,
      key.purpose,
      this.#clock.now(),
      hashes,
      MOST_TRIES,
    );
    const right = rows.find((row) => row.is_right);
    const opened =
      right === undefined
        ? undefined
        : this.#secrets.open(right.payload ?? Buffer.alloc(0), `code/${right.id}`);
    return opened === undefined ? undefined : (JSON.parse(opened.toString("utf8")) as Payload);
  }

  /**
   * A code that nobody was told opens nothing any more. It stays and counts tries until it runs out: where there is
   * none a wrong try writes nothing, and would be answered sooner than where there is one.
   */
  async retire({ subject, purpose }: CodeKey, id: string): Promise<void> {
    await queries.retire(this.#db, subject, purpose, id, randomBytes(32));
  }

  /** Ends every pending code of these subjects, whatever it was for. */
  async kill(tx: Transaction, subjects: readonly Buffer[]): Promise<void> {
    await queries.kill(tx, subjects);
  }

  /** The subject of codes that belong to an account rather than to an address. */
  ofAccount(accountId: string): Buffer {
    return this.#secrets.directoryHash("account", accountId);
  }

  /** Deletes a batch of what ran out; tells how many. */
  async purge(limit: number): Promise<number> {
    return (await queries.purge(this.#db, this.#clock.now(), limit)).rowCount;
  }

  #hash({ subject, purpose }: CodeKey, code: string, keyId: number): Buffer {
    const data = Buffer.concat([subject, Buffer.from(`\x1f${purpose}\x1f${code}`)]);
    const mac = this.#secrets.mac("code", keyId, data);
    if (mac === undefined) throw new Error(`There is no master key ${keyId}`);
    return mac;
  }
}
