/**
 * Regions are data: where an account's row lives. The federal district is chosen by the viewer or by
 * the client; where nobody can tell, there is a real region for that, `ru_unassigned`, never a NULL.
 */
import { refusals } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import type { RegionCode } from "../ids.ts";
import { allRegions, type RegionRow } from "./queries.ts";

export const refuse = refusals({
  region_unknown: {
    status: 400,
    title: { en: "There is no such region", ru: "Такого региона нет" },
    detail: { en: "GET /v1/regions lists them", ru: "Список регионов: GET /v1/regions" },
  },
});

export const UNASSIGNED = "ru_unassigned";

/** A new region appears at most this much later on every replica. */
const KEPT_MS = 60_000;

export class Regions {
  readonly #db: Database;
  readonly #clock: Clock;
  #known: { readonly rows: readonly RegionRow[]; readonly readAt: number } | undefined;

  constructor({ db, clock }: { db: Database; clock: Clock }) {
    this.#db = db;
    this.#clock = clock;
  }

  async all(): Promise<readonly RegionRow[]> {
    const now = this.#clock.now().getTime();
    if (this.#known !== undefined && now - this.#known.readAt < KEPT_MS) return this.#known.rows;
    const { rows } = await allRegions(this.#db);
    this.#known = { rows, readAt: now };
    return rows;
  }

  async codeOf(slug: string = UNASSIGNED): Promise<RegionCode> {
    const found = (await this.all()).find((region) => region.slug === slug);
    if (found === undefined) throw refuse.region_unknown();
    return found.code as RegionCode;
  }

  async slugOf(code: RegionCode): Promise<string> {
    return (await this.all()).find((region) => region.code === code)?.slug ?? UNASSIGNED;
  }

  async exists(code: RegionCode): Promise<boolean> {
    return (await this.all()).some((region) => region.code === code);
  }
}
