/**
 * The keys that sign access tokens. There is always a current one, which signs; a next one, published
 * ahead so that every service knows it before it signs; and previous ones, kept until the last token
 * they signed has run out. Withdrawing a key (it leaked) takes it out of the set at once.
 */

import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Database, PostgresDatabase, Transaction } from "@kinopass/postgres";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { Clock } from "../clock.ts";
import { newId } from "../ids.ts";
import type { Resealing, Secrets } from "../secrets.ts";
import * as queries from "./queries.ts";

export const ALGORITHM = "EdDSA";

/** Replicas follow a rotation this soon. The next key is published ahead, so the delay is harmless. */
const REREAD_MS = 5_000;
/** A previous key stays published this long: an access token's life, twice, and a day for clocks and caches. */
const KEEP_PREVIOUS_MS = 24 * 60 * 60 * 1000;

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

interface KeySet {
  readonly current: SigningKey;
  readonly published: readonly JWK[];
  readonly verifying: ReadonlyMap<string, CryptoKey>;
  readonly readAt: number;
}

export interface KeyReport {
  readonly kid: string;
  readonly state: queries.KeyState;
  readonly created_at: Date;
}

export class SigningKeys {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #secrets: Secrets;
  #set: KeySet | undefined;
  #reading: Promise<KeySet> | undefined;

  constructor({ db, clock, secrets }: { db: PostgresDatabase; clock: Clock; secrets: Secrets }) {
    this.#db = db;
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** The key that signs now. Once read, the set serves on while the database is away. */
  async current(): Promise<SigningKey> {
    return (await this.#keys()).current;
  }

  /** Public keys for the world: previous, current and next. */
  async published(): Promise<readonly JWK[]> {
    return (await this.#keys()).published;
  }

  async verifying(kid: string): Promise<CryptoKey | undefined> {
    return (await this.#keys()).verifying.get(kid);
  }

  /** Reads the set anew; the answer changes whenever a key comes or goes. For whoever tells services about it. */
  async fingerprint(): Promise<string> {
    return (await this.#read()).published.map(({ kid }) => kid).join(" ");
  }

  /** Makes the first current and next key; replicas that start together make one pair between them. */
  async ensure(): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await queries.lockKeys(tx);
      const { rows } = await queries.liveKeys(tx);
      if (!rows.some(({ state }) => state === "current")) await this.#add(tx, "current");
      if (!rows.some(({ state }) => state === "next")) await this.#add(tx, "next");
    });
    this.#set = undefined;
  }

  /** next → current → previous, and a fresh next. */
  async rotate(audit: (tx: Transaction, kid: string) => Promise<void>): Promise<readonly KeyReport[]> {
    return await this.#change(async (tx) => {
      const kid = await this.#promote(tx);
      await audit(tx, kid);
    });
  }

  /** Takes a leaked key out of use. False where no such key is in use. */
  async withdraw(kid: string, audit: (tx: Transaction, kid: string) => Promise<void>): Promise<boolean> {
    let done = false;
    await this.#change(async (tx) => {
      const { rows } = await queries.withdraw(tx, kid, this.#clock.now());
      done = rows.length === 1;
      if (!done) return;
      const { rows: live } = await queries.liveKeys(tx);
      if (!live.some(({ state }) => state === "current")) await this.#promote(tx);
      else if (!live.some(({ state }) => state === "next")) await this.#add(tx, "next");
      await audit(tx, kid);
    });
    return done;
  }

  /** Every key in use, sealed with the newest master key. What they sign stays as it is. */
  async reseal(): Promise<Resealing> {
    let [resealed, lost] = [0, 0];
    await this.#change(async (tx) => {
      for (const { kid, sealed_private } of (await queries.liveKeys(tx)).rows) {
        const anew = this.#secrets.resealed(sealed_private, contextOf(kid));
        if (anew === "lost") lost += 1;
        else if (anew !== undefined) resealed += (await queries.reseal(tx, kid, anew)).rowCount;
      }
    });
    return { resealed, lost };
  }

  async list(): Promise<readonly KeyReport[]> {
    return (await queries.allKeys(this.#db)).rows;
  }

  async #change(work: (tx: Transaction) => Promise<void>): Promise<readonly KeyReport[]> {
    await this.#db.transaction(async (tx) => {
      await queries.lockKeys(tx);
      await work(tx);
    });
    this.#set = undefined;
    return await this.list();
  }

  async #promote(tx: Transaction): Promise<string> {
    const now = this.#clock.now();
    await queries.dropRetired(tx, new Date(now.getTime() - KEEP_PREVIOUS_MS));
    await queries.retireCurrent(tx, now);
    const { rows } = await queries.promoteNext(tx, now);
    const kid = rows[0]?.kid ?? (await this.#add(tx, "current"));
    await this.#add(tx, "next");
    return kid;
  }

  async #add(tx: Transaction, state: "current" | "next"): Promise<string> {
    const now = this.#clock.now();
    const kid = newId(now).slice(0, 23);
    const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
    const sealed = this.#secrets.seal(JSON.stringify(await exportJWK(privateKey)), contextOf(kid));
    const published = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: "sig" };
    await queries.addKey(
      tx,
      kid,
      state,
      JSON.stringify(published),
      sealed,
      now,
      state === "current" ? now : null,
    );
    return kid;
  }

  async #keys(): Promise<KeySet> {
    const set = this.#set;
    if (set === undefined) return await this.#read();
    const age = this.#clock.now().getTime() - set.readAt;
    // In the background: nobody waits for the database to verify a token, and its absence is survived.
    if (age > REREAD_MS || age < 0) void this.#read().catch(() => {});
    return set;
  }

  #read(): Promise<KeySet> {
    this.#reading ??= this.#load(this.#db).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #load(db: Database): Promise<KeySet> {
    const { rows } = await queries.liveKeys(db);
    const currentRow = rows.find(({ state }) => state === "current");
    if (currentRow === undefined)
      throw new Error("No key signs access tokens; start the service once, or run kinopass keys rotate");
    const verifying = await Promise.all(
      rows.map(
        async ({ kid, public_jwk }) => [kid, (await importJWK(public_jwk, ALGORITHM)) as CryptoKey] as const,
      ),
    );
    this.#set = {
      current: this.#signing(currentRow),
      published: rows.map(({ public_jwk }) => public_jwk as JWK),
      verifying: new Map(verifying),
      readAt: this.#clock.now().getTime(),
    };
    return this.#set;
  }

  #signing({ kid, sealed_private }: queries.KeyRow): SigningKey {
    if (this.#set?.current.kid === kid) return this.#set.current;
    const opened = this.#secrets.open(sealed_private, contextOf(kid));
    if (opened === undefined)
      throw new Error(`Signing key ${kid} cannot be opened with the keys of AUTH_KEYS`);
    return { kid, privateKey: createPrivateKey({ key: JSON.parse(opened.toString()), format: "jwk" }) };
  }
}

function contextOf(kid: string): string {
  return `signing_keys/${kid}`;
}
