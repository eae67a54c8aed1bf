/**
 * Signing out: here, of another device, everywhere. It holds while somebody's migration has the sessions locked
 * (docs/decisions/0013): the services are told at once that the sessions are dead, and the rows are ended by `OwedEndings`
 * when they can be.
 */
import { common } from "@kinopass/http";
import { type Database, isLocked, type Transaction, type Transactional } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { invalidToken } from "../http/authenticate.ts";
import type { AccountId, SessionId } from "../ids.ts";
import { LOCK_WAIT_MS, LockMemory } from "./lock-memory.ts";
import * as queries from "./owed-queries.ts";
import { ABSOLUTE_MS, refuse, type Sessions } from "./sessions.ts";

/** Openings of one account in half a year, beyond which it is no person's: it is told to come again. */
const MOST_KNOWN = 1_000;

/** Who signs out: what the access token says, and from where. */
export interface Leaver {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly address: string;
}

interface Wish {
  readonly only?: SessionId;
  readonly except?: SessionId;
  readonly because: string;
}

interface Dependencies {
  readonly urgent: Transactional;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly logger: FastifyBaseLogger;
}

export class SigningOut {
  readonly #given: Dependencies;
  readonly #table = new LockMemory();

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  @trace("sessions.sign_out_here")
  async here(leaver: Leaver): Promise<void> {
    const ended = await this.#end(leaver, { only: leaver.sessionId, because: "signed_out" });
    // Somebody else ended it between two statements: it is over, as for whoever comes a moment later.
    if (ended === 0) throw invalidToken();
  }

  /** A second time, or of somebody else's, is "there is no such session". */
  @trace("sessions.sign_out_device")
  async device(leaver: Leaver, only: SessionId): Promise<void> {
    if ((await this.#end(leaver, { only, because: "signed_out_remotely" })) === 0)
      throw refuse.session_not_found();
  }

  @trace("sessions.sign_out_everywhere")
  async everywhere(leaver: Leaver): Promise<void> {
    await this.#end(leaver, { because: "signed_out_everywhere" });
  }

  @trace("sessions.sign_out_others")
  async everywhereElse(leaver: Leaver): Promise<void> {
    await this.#end(leaver, { except: leaver.sessionId, because: "signed_out_others" });
  }

  async #end(leaver: Leaver, wish: Wish): Promise<number> {
    const { urgent } = this.#given;
    let tried = false;
    try {
      const ended = await urgent.transaction(async (tx) => {
        tried = this.#table.mayTry();
        return tried ? await this.#now(tx, leaver, wish) : await this.#owe(tx, leaver, wish);
      });
      if (tried) this.#free();
      return ended;
    } catch (error) {
      if (!tried || !isLocked(error)) throw error;
      this.#locked(error);
      return await this.#owe(urgent, leaver, wish);
    }
  }

  async #now(tx: Transaction, { accountId, sessionId, address }: Leaver, wish: Wish): Promise<number> {
    const { sessions } = this.#given;
    await queries.limitLockWait(tx, `${LOCK_WAIT_MS}ms`);
    if ((await sessions.find(accountId, sessionId, tx)) === undefined) throw invalidToken();
    const actor = { kind: "account", id: accountId, sessionId, address } as const;
    const { only, except, because } = wish;
    if (only !== undefined) return await sessions.endOne(tx, accountId, only, actor, because);
    if (except !== undefined) return await sessions.endOthers(tx, accountId, except, actor, because);
    return await sessions.endAll(tx, accountId, actor, because);
  }

  /** The token's signature and age, and that nothing ended its session, are enough for this; for nothing else. */
  async #owe(db: Database, { accountId, sessionId, address }: Leaver, wish: Wish): Promise<number> {
    const { audit, clock } = this.#given;
    const now = clock.now();
    const stamp = audit.stamp();
    const { rows } = await queries.owe(
      db,
      accountId,
      sessionId,
      now,
      new Date(now.getTime() - ABSOLUTE_MS),
      wish.only ?? null,
      wish.except ?? null,
      wish.because,
      stamp.id,
      address,
      stamp.requestId,
      MOST_KNOWN,
    );
    const [row] = rows;
    if (row?.is_live !== true) throw invalidToken();
    if (row.known > MOST_KNOWN) throw common.temporarily_unavailable({ headers: { "retry-after": "1" } });
    return row.owed.length;
  }

  #locked(error: unknown): void {
    if (this.#table.locked())
      this.#given.logger.warn(
        { err: error },
        "sessions are locked; who signs out is signed out without them",
      );
  }

  #free(): void {
    if (this.#table.free()) this.#given.logger.info("sessions are not locked any more");
  }
}
