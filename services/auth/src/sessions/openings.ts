import { type PostgresDatabase, Together } from "@kinopass/postgres";
import type { AccountId, RegionCode, SessionId } from "../ids.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";
import * as queries from "./queries.ts";

/** A session to be opened, with all that is written of it. The names are those of `auth.open_sessions`. */
export interface OpeningValues {
  readonly account: AccountId;
  readonly session: SessionId;
  readonly at: Date;
  readonly expires_at: Date;
  readonly region: RegionCode;
  readonly age_ceiling: AgeCeiling | null;
  readonly door: string;
  readonly device_kind: queries.DeviceKind;
  readonly device_name: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly audit_id: string;
  /** The hash that was verified and must still be the account's; null where no password opened the door. */
  readonly password_hash: string | null;
  readonly request_id: string | null;
}

type Row = queries.OpenedRow | undefined;

/** Opens sessions of whoever proved a password; those that come at once in one round trip (docs/decisions/0012). */
export class Openings {
  readonly #trips: Together<OpeningValues, Row>;

  constructor(db: PostgresDatabase, mostDevices: number) {
    this.#trips = new Together({
      name: "sessions.open_many",
      alone: async (values) => (await openOne(db, values, mostDevices)).rows[0],
      together: async (many) => {
        const { rows } = await queries.openMany(db, JSON.stringify(many), mostDevices - 1);
        const answers: Row[] = many.map(() => undefined);
        for (const row of rows) answers[row.number - 1] = row;
        return answers;
      },
    });
  }

  /** Undefined where the account is no longer active or its hash is another by now: nothing was opened. */
  async open(values: OpeningValues): Promise<Row> {
    return await this.#trips.ask(values);
  }
}

export function openOne(db: Parameters<typeof queries.open>[0], values: OpeningValues, mostDevices: number) {
  return queries.open(
    db,
    values.account,
    values.session,
    values.at,
    values.expires_at,
    values.region,
    values.age_ceiling,
    values.door,
    values.device_kind,
    values.device_name,
    values.address,
    values.user_agent,
    values.audit_id,
    values.password_hash,
    mostDevices - 1,
    values.request_id,
  );
}
