/** The feed for receivers that poll (RFC 8936): services in other languages, without a long connection. */
import type { PostgresDatabase } from "@kinopass/postgres";
import { SignJWT } from "jose";
import type { Clock } from "../clock.ts";
import { ALGORITHM, type SigningKeys } from "../tokens/signing-keys.ts";
import type { RevocationFeed } from "./feed.ts";
import { acknowledge, type RevocationRow } from "./queries.ts";
import { securityEventOf } from "./security-event.ts";

/** RFC 8417 §2.3: so that no event passes for an access token, nor the other way round. */
const TYPE = "secevent+jwt";
const MOST_EVENTS = 500;
const MOST_REMEMBERED = 10_000;

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly feed: RevocationFeed;
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly audience: string;
}

export interface Poll {
  readonly maxEvents?: number;
  readonly ack?: readonly string[];
}

export interface PollAnswer {
  readonly sets: Record<string, string>;
  readonly moreAvailable: boolean;
}

export class Polling {
  readonly #dependencies: Dependencies;
  /** Acknowledged, but too young to move the mark over: a late row may still appear below. */
  readonly #young = new Map<string, Set<string>>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  async poll(serviceId: string, { maxEvents = MOST_EVENTS, ack = [] }: Poll): Promise<PollAnswer> {
    const { db, clock, feed } = this.#dependencies;
    const young = this.#remember(serviceId, ack);
    const { rows } = await acknowledge(db, serviceId, this.#mark(young).toString(), clock.now());
    const waiting = feed
      .after(BigInt(rows[0]?.acked ?? 0), Number.MAX_SAFE_INTEGER)
      .filter(({ id }) => !young.has(id));
    const chosen = waiting.slice(0, Math.min(maxEvents, MOST_EVENTS));
    const sets = await Promise.all(
      chosen.map(async (row) => [`rev-${row.id}`, await this.#sign(row)] as const),
    );
    return { sets: Object.fromEntries(sets), moreAvailable: waiting.length > chosen.length };
  }

  #remember(serviceId: string, ack: readonly string[]): Set<string> {
    const young = this.#young.get(serviceId) ?? new Set<string>();
    for (const jti of ack) if (/^rev-\d{1,19}$/.test(jti)) young.add(jti.slice(4));
    for (const id of young) {
      if (young.size <= MOST_REMEMBERED) break;
      young.delete(id);
    }
    this.#young.set(serviceId, young);
    return young;
  }

  /** The highest settled id below which everything alive was acknowledged. */
  #mark(young: Set<string>): bigint {
    const { feed } = this.#dependencies;
    let mark = 0n;
    for (const id of young) if (BigInt(id) <= feed.settled && BigInt(id) > mark) mark = BigInt(id);
    const missed = feed
      .after(0n, Number.MAX_SAFE_INTEGER)
      .find(({ id }) => BigInt(id) < mark && !young.has(id));
    return missed === undefined ? mark : 0n;
  }

  async #sign(row: RevocationRow): Promise<string> {
    const { keys, issuer, audience } = this.#dependencies;
    const { kid, privateKey } = await keys.current();
    return await new SignJWT({ ...securityEventOf(row, { issuer, audience }) })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .sign(privateKey);
  }
}
