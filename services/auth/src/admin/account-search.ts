/**
 * How administrators find accounts: by exact address (through the directory), or through one region,
 * whole or of one age ceiling, or of one age ceiling everywhere: region after region. Every statement reads
 * a stretch of one leaf's index. There is no search by part of an address: it would read everybody's, and no
 * index could help it.
 */
import { decodeCursor, encodeCursor, type Page, pageFrom, wrongCursor } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import { NIL_ACCOUNT, type RegionCode, UUID_PATTERN } from "../ids.ts";
import type { Regions } from "../regions/regions.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";
import { type BirthDates, birthDatesOf } from "./age-ranges.ts";
import * as queries from "./queries.ts";

export type { ListedRow } from "./queries.ts";

export interface Search {
  /** Slug; left out: every region, one after the other. */
  readonly region?: string | undefined;
  readonly ageCeiling?: AgeCeiling | undefined;
  readonly cursor?: string | undefined;
  readonly size: number;
}

/** The last row of a page. */
interface Place {
  /** "" where the birth date is unknown. */
  readonly born: string;
  readonly id: string;
  readonly region: number;
}

const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

export class AccountSearch {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #regions: Regions;

  constructor({ db, clock, regions }: { db: Database; clock: Clock; regions: Regions }) {
    this.#db = db;
    this.#clock = clock;
    this.#regions = regions;
  }

  /** Refuses `region_unknown`. */
  @trace("admin.search")
  async find({ region: slug, ageCeiling, cursor, size }: Search): Promise<Page<queries.ListedRow>> {
    const place = cursor === undefined ? undefined : readCursor(cursor);
    const codes = slug === undefined ? await this.#from(place?.region) : [await this.#regions.codeOf(slug)];
    const found: queries.ListedRow[] = [];
    for (const [index, region] of codes.entries()) {
      const after = index === 0 ? place : undefined;
      const wanted = size + 1 - found.length;
      const rows =
        ageCeiling === undefined
          ? await this.#all(region, after, wanted)
          : await this.#ofAge(region, birthDatesOf(ageCeiling, this.#clock.now()), after, wanted);
      found.push(...rows);
      if (found.length > size) break;
    }
    return pageFrom(found, size, ({ birth_date: born, id, region }) =>
      encodeCursor([born ?? "", id, region]),
    );
  }

  /** The regions a walk through all of them has still to see. One that came up meanwhile is seen if it comes later. */
  async #from(first = 0): Promise<readonly RegionCode[]> {
    const codes = (await this.#regions.all()).map(({ code }) => code as RegionCode);
    return codes.filter((code) => code >= first).sort((a, b) => a - b);
  }

  async #all(region: RegionCode, { id }: Pick<Place, "id"> = { id: LAST_ID }, wanted: number) {
    return (await queries.accountsOfRegion(this.#db, region, id, wanted)).rows;
  }

  /** Known birth dates in their order, then, where they belong here, people without one. */
  async #ofAge(
    region: RegionCode,
    range: BirthDates,
    after: Pick<Place, "born" | "id"> = { born: range.from, id: NIL_ACCOUNT },
    wanted: number,
  ) {
    const { rows } =
      after.born === ""
        ? { rows: [] }
        : await queries.accountsOfAge(
            this.#db,
            region,
            later(after.born, range.from),
            range.to,
            after.id,
            wanted,
          );
    if (!range.unknown || rows.length === wanted) return rows;
    const from = after.born === "" ? after.id : NIL_ACCOUNT;
    const rest = await queries.accountsOfUnknownAge(this.#db, region, from, wanted - rows.length);
    return [...rows, ...rest.rows];
  }
}

/** A range that moved on at midnight between two pages still has no hole. */
function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** Cursors hold no secret and open nothing: the search they continue is asked for again beside them. */
function readCursor(cursor: string): Place {
  const [born, id, region, ...rest] = decodeCursor(cursor) ?? [];
  const whole =
    typeof born === "string" &&
    typeof id === "string" &&
    typeof region === "number" &&
    rest.length === 0 &&
    (born === "" || isDate(born)) &&
    new RegExp(UUID_PATTERN).test(id);
  if (whole) return { born, id, region };
  throw wrongCursor();
}

function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00.000Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
