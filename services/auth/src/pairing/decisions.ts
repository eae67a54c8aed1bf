/**
 * What the other device sees of a TV, and says to it. Whoever is signed in there decides for their own account
 * alone; nobody can be chosen to decide, and reading a code decides nothing.
 */
import type { PostgresDatabase } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { type Member, refuse as refuseMember } from "../http/authenticate.ts";
import type { Client } from "../http/client.ts";
import type { Secrets } from "../secrets.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";
import * as queries from "./queries.ts";
import { refuse } from "./refusals.ts";
import { hashOfUserCode, readUserCode } from "./user-code.ts";

export interface Wishes {
  readonly deviceName?: string | undefined;
  readonly ageCeiling?: AgeCeiling | undefined;
}

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly sessions: Sessions;
  readonly audit: Audit;
}

interface Decision {
  readonly state: "approved" | "denied";
  readonly deviceName: string | null;
  readonly ageCeiling: AgeCeiling | null;
}

export class PairingDecisions {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** The TV behind a code that waits. Refuses `user_code_unknown`, `pairing_decided`. */
  @trace("pairing.look")
  async look(typed: string): Promise<queries.PairingRow> {
    const row = await this.#find(typed);
    if (row.state !== "pending") throw refuse.pairing_decided();
    return row;
  }

  /**
   * Lets the TV in to the member's account. Refuses `user_code_unknown`, `pairing_decided`, and `reauth_required`
   * where the session that asks was itself opened by pairing: a TV lets in no TVs.
   */
  @trace("pairing.approve")
  async approve(typed: string, member: Member, client: Client, wishes: Wishes): Promise<queries.PairingRow> {
    if (member.session.door === "pairing") throw refuseMember.reauth_required();
    const own = (await this.#given.sessions.find(member.accountId, member.sessionId))?.age_ceiling ?? null;
    const ageCeiling = lowerOf(own as AgeCeiling | null, wishes.ageCeiling ?? null);
    const deviceName = wishes.deviceName ?? null;
    return await this.#decide(typed, member, client, { state: "approved", deviceName, ageCeiling });
  }

  /** Tells the TV no. Refuses like `approve`, but any live session may. */
  @trace("pairing.deny")
  async deny(typed: string, member: Member, client: Client): Promise<void> {
    await this.#decide(typed, member, client, { state: "denied", deviceName: null, ageCeiling: null });
  }

  async #decide(
    typed: string,
    { accountId, sessionId }: Member,
    { address }: Client,
    { state, deviceName, ageCeiling }: Decision,
  ): Promise<queries.PairingRow> {
    const { audit, clock, db } = this.#given;
    const hash = this.#hashOf(typed);
    const decided = await db.transaction(async (tx) => {
      const { rows } = await queries.decide(
        tx,
        hash,
        clock.now(),
        state,
        accountId,
        sessionId,
        deviceName,
        ageCeiling,
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      const actor = { kind: "account", id: accountId, sessionId, address } as const;
      const details = { device: row.device_kind, age_ceiling: row.age_ceiling };
      await audit.record(tx, { action: `pairing.${state}`, accountId, actor, details });
      return row;
    });
    return decided ?? (await this.#saidBefore(typed, accountId, state));
  }

  /** The same answer from the same account a second time is a retry; everything else came too late. */
  async #saidBefore(typed: string, accountId: string, state: Decision["state"]): Promise<queries.PairingRow> {
    const row = await this.#find(typed);
    const same = row.state === state || (row.state === "redeemed" && state === "approved");
    if (row.account_id !== accountId || !same) throw refuse.pairing_decided();
    return row;
  }

  async #find(typed: string): Promise<queries.PairingRow> {
    const { clock, db } = this.#given;
    const row = (await queries.findLive(db, this.#hashOf(typed), clock.now())).rows[0];
    if (row === undefined) throw refuse.user_code_unknown();
    return row;
  }

  #hashOf(typed: string): Buffer {
    const code = readUserCode(typed);
    if (code === undefined) throw refuse.user_code_unknown();
    return hashOfUserCode(this.#given.secrets, code);
  }
}

function lowerOf(one: AgeCeiling | null, other: AgeCeiling | null): AgeCeiling | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
