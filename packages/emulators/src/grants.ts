import { createHash } from "node:crypto";
import type { Clock, Random } from "./ground.ts";
import type { Person } from "./people.ts";

/** What a person agreed to. */
export interface Consent {
  readonly person: Person;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly nonce?: string | undefined;
  readonly challenge?: string | undefined;
  readonly challengeMethod?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly extra: Readonly<Record<string, string | undefined>>;
}

export type Redemption =
  | { readonly kind: "fresh"; readonly consent: Consent }
  | { readonly kind: "spent" | "expired" | "unknown" };

export interface TokenRecord {
  readonly consent: Consent;
  readonly expiresMs: number;
  /** Tokens of one refresh lineage share it, so that revoking ends them together. */
  readonly family: string;
}

interface CodeRecord {
  readonly consent: Consent;
  readonly expiresMs: number;
  used: boolean;
}

const MAX_RECORDS = 20_000;

/** One provider's codes and tokens. Bounded: the oldest are forgotten. */
export class Grants {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #codes = new Map<string, CodeRecord>();
  readonly #access = new Map<string, TokenRecord>();
  readonly #refresh = new Map<string, TokenRecord>();
  readonly #consented = new Set<string>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  code(consent: Consent, lifeMs: number, shape: (random: Buffer) => string): string {
    const code = shape(this.#random(32));
    remember(this.#codes, code, { consent, expiresMs: this.#now() + lifeMs, used: false });
    return code;
  }

  /** A code works once, whether or not what follows goes well. */
  redeem(code: string | undefined): Redemption {
    const record = this.#codes.get(code ?? "");
    if (record === undefined) return { kind: "unknown" };
    if (record.used) return { kind: "spent" };
    record.used = true;
    return record.expiresMs <= this.#now() ? { kind: "expired" } : { kind: "fresh", consent: record.consent };
  }

  access(consent: Consent, lifeMs: number, options: { prefix?: string; family?: string } = {}): string {
    return this.#token(this.#access, consent, lifeMs, options);
  }

  refresh(consent: Consent, lifeMs: number, options: { prefix?: string; family?: string } = {}): string {
    return this.#token(this.#refresh, consent, lifeMs, options);
  }

  findAccess(token: string | undefined): TokenRecord | undefined {
    return this.#live(this.#access, token);
  }

  findRefresh(token: string | undefined): TokenRecord | undefined {
    return this.#live(this.#refresh, token);
  }

  /** The living access token of a lineage, for providers that hand out the same one again. */
  accessOf(family: string): string | undefined {
    for (const [token, record] of this.#access) {
      if (record.family === family && record.expiresMs > this.#now()) return token;
    }
    return undefined;
  }

  /** For rotating refresh tokens: finds and burns in one step. */
  takeRefresh(token: string | undefined): TokenRecord | undefined {
    const record = this.#live(this.#refresh, token);
    if (record !== undefined) this.#refresh.delete(token ?? "");
    return record;
  }

  /** Ends a token and everything of its lineage; false when it was not known. */
  revoke(token: string | undefined): boolean {
    const record = this.findAccess(token) ?? this.findRefresh(token);
    if (record === undefined) return false;
    for (const book of [this.#access, this.#refresh]) {
      for (const [key, other] of book) if (other.family === record.family) book.delete(key);
    }
    return true;
  }

  /** Ends everything a person gave to an app, and forgets that they ever agreed. */
  revokeAllOf(person: Person, clientId: string): boolean {
    let any = false;
    for (const book of [this.#access, this.#refresh]) {
      for (const [key, { consent }] of book) {
        if (consent.person.id !== person.id || consent.clientId !== clientId) continue;
        book.delete(key);
        any = true;
      }
    }
    this.#consented.delete(`${clientId} ${person.id}`);
    return any;
  }

  /** True the first time this person agrees to this app. */
  firstConsent({ clientId, person }: Consent): boolean {
    const key = `${clientId} ${person.id}`;
    if (this.#consented.has(key)) return false;
    this.#consented.add(key);
    return true;
  }

  #token(
    book: Map<string, TokenRecord>,
    consent: Consent,
    lifeMs: number,
    { prefix = "", family }: { prefix?: string; family?: string },
  ): string {
    const token = prefix + this.#random(32).toString("base64url");
    remember(book, token, { consent, expiresMs: this.#now() + lifeMs, family: family ?? token });
    return token;
  }

  #live(book: Map<string, TokenRecord>, token: string | undefined): TokenRecord | undefined {
    const record = book.get(token ?? "");
    return record !== undefined && record.expiresMs > this.#now() ? record : undefined;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

/** RFC 7636 §4.6. A consent without a challenge takes any verifier or none. */
export function provesChallenge(
  { challenge, challengeMethod }: Consent,
  verifier: string | undefined,
): boolean {
  if (challenge === undefined) return true;
  if (verifier === undefined) return false;
  if (challengeMethod === "plain") return verifier === challenge;
  return createHash("sha256").update(verifier).digest("base64url") === challenge;
}

function remember<T>(book: Map<string, T>, key: string, value: T): void {
  const oldest = book.size >= MAX_RECORDS ? book.keys().next().value : undefined;
  if (oldest !== undefined) book.delete(oldest);
  book.set(key, value);
}
