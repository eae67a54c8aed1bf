/**
 * An account is a viewer's record; it lives in the leaf of its home region. What a person signs in with
 * lives in the directory. An account is made only when somebody proved something: read a mailbox, came
 * from a social network, sits at the console. An address that nobody confirmed makes no account.
 */
import { AppError, type Language, refusals } from "@kinopass/http";
import { type PostgresDatabase, Together, type Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Codes } from "../codes/codes.ts";
import type { AccountRef, Directory } from "../directory/directory.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import { type AccountId, birthRegionOf, NIL_ACCOUNT, newAccountId, newId, type RegionCode } from "../ids.ts";
import type { Regions } from "../regions/regions.ts";
import * as queries from "./queries.ts";

export type { AccountRow } from "./queries.ts";

export const refuse = refusals({
  email_taken: {
    status: 409,
    title: {
      en: "An account with this address exists already; sign in",
      ru: "Учётная запись с этим адресом уже есть, войдите в неё",
    },
  },
  account_not_found: {
    status: 404,
    title: { en: "There is no such account", ru: "Такой учётной записи нет" },
  },
});

/** Whether an error says that there is no such account, e.g. since it was erased a moment ago. */
export function isGone(error: unknown): boolean {
  return error instanceof AppError && error.code === refuse.account_not_found.code;
}

export interface NewAccount {
  /** Confirmed by whoever makes the account. */
  readonly email?: EmailAddress | undefined;
  /** PHC string. */
  readonly passwordHash?: string | undefined;
  readonly displayName?: string | undefined;
  /** YYYY-MM-DD; of precision `year`, the last day of that year. */
  readonly birthDate?: string | undefined;
  readonly birthDatePrecision?: "day" | "year" | undefined;
  /** `ru_unassigned` where it is left out. */
  readonly region?: RegionCode | undefined;
  readonly locale: Language;
  /** Granted at birth, by the console. */
  readonly roles?: readonly string[] | undefined;
  /** Who makes it; the person, unless said otherwise. */
  readonly actor?: Actor | undefined;
  /** Where the person is. */
  readonly address?: string | undefined;
}

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly regions: Regions;
  readonly codes: Codes;
  readonly audit: Audit;
}

interface Lookup {
  readonly hash: Buffer;
  readonly kind: number;
  /** Where an account that nobody has is looked for. */
  readonly nowhere: RegionCode;
}

/** Accounts by their identifiers; those that are looked for at once in one round trip (docs/decisions/0012). */
function lookups(db: PostgresDatabase): Together<Lookup, queries.AccountRow | undefined> {
  return new Together({
    name: "accounts.find_by_identifiers",
    alone: async ({ hash, kind, nowhere }) =>
      (await queries.findByIdentifier(db, hash, kind, NIL_ACCOUNT, nowhere)).rows[0],
    together: async (many) => {
      const { rows } = await queries.findByIdentifiers(
        db,
        many.map(({ hash }) => hash),
        many.map(({ kind }) => kind),
        NIL_ACCOUNT,
        many.map(({ nowhere }) => nowhere),
      );
      const found: (queries.AccountRow | undefined)[] = many.map(() => undefined);
      for (const { number, ...row } of rows) found[number - 1] = row;
      return found;
    },
  });
}

export class Accounts {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #regions: Regions;
  readonly #codes: Codes;
  readonly #audit: Audit;
  readonly #lookups: Together<Lookup, queries.AccountRow | undefined>;

  constructor(dependencies: Dependencies) {
    this.#db = dependencies.db;
    this.#clock = dependencies.clock;
    this.#directory = dependencies.directory;
    this.#regions = dependencies.regions;
    this.#codes = dependencies.codes;
    this.#audit = dependencies.audit;
    this.#lookups = lookups(dependencies.db);
  }

  /** The account, wherever it moved to. */
  @trace("accounts.find")
  async find(id: AccountId): Promise<queries.AccountRow | undefined> {
    const born = birthRegionOf(id);
    const { rows } = await queries.find(this.#db, id, born);
    return rows[0] ?? (await queries.findMoved(this.#db, id, born)).rows[0];
  }

  /** Reads as much for an address that nobody has: time must not tell (ASVS 6.3.8). */
  @trace("accounts.find_by_email")
  async findByEmail(address: EmailAddress): Promise<queries.AccountRow | undefined> {
    const { hash, kind } = this.#directory.key({ kind: "email", address });
    const nowhere = await this.#regions.codeOf();
    return await this.#lookups.ask({ hash, kind, nowhere });
  }

  /**
   * Makes an account of what is proven. Refuses `email_taken` where the address belongs to somebody,
   * perhaps since a microsecond ago: the transaction must then be rolled back. Pending codes of the
   * address die, so that a sign-up somebody else started with it comes to nothing.
   */
  @trace("accounts.create")
  async createConfirmed(details: NewAccount, tx?: Transaction): Promise<queries.AccountRow> {
    const region = details.region ?? (await this.#regions.codeOf());
    const create = (own: Transaction) => this.#create(own, { ...details, region });
    return tx === undefined ? await this.#db.transaction(create) : await create(tx);
  }

  async #create(
    tx: Transaction,
    details: NewAccount & { readonly region: RegionCode },
  ): Promise<queries.AccountRow> {
    const now = this.#clock.now();
    const { region, email, roles = [] } = details;
    const owner: AccountRef = { id: newAccountId(now, region), region };
    if (email !== undefined) await this.#claim(tx, email, owner, now);
    const row = newRow(owner, details, now);
    await queries.insert(
      tx,
      row.id,
      row.region,
      row.birth_date,
      row.birth_date_precision,
      now,
      row.password_changed_at,
      row.locale,
      row.email,
      row.password_hash,
      row.display_name,
    );
    if (roles.length > 0) await queries.grantAtBirth(tx, row.id, roles, now, details.actor?.kind ?? "system");
    const { address } = details;
    const person = { kind: "account", id: row.id, ...(address === undefined ? {} : { address }) } as const;
    const actor: Actor = details.actor ?? person;
    await this.#audit.record(tx, { action: "account.created", accountId: row.id, actor, details: { roles } });
    return row;
  }

  async #claim(tx: Transaction, address: EmailAddress, owner: AccountRef, now: Date): Promise<void> {
    const identifier = { kind: "email", address } as const;
    if (!(await this.#directory.claim(tx, identifier, owner, now))) throw refuse.email_taken();
    await this.#codes.kill(tx, [this.#directory.hash(identifier)]);
  }

  /**
   * Runs `work` in a transaction that holds the account's row, so that changes of one account take
   * turns and decide by what is true. Locks are taken in this order everywhere: account, codes, sessions.
   * Refuses `account_not_found`.
   */
  async underLock<T>(
    id: AccountId,
    work: (tx: Transaction, account: queries.AccountRow) => Promise<T>,
  ): Promise<T> {
    return await this.#underLock(await this.find(id), async (tx, account) => {
      if (account === undefined) throw refuse.account_not_found();
      return await work(tx, account);
    });
  }

  /** The same for whoever owns the address; where nobody does, the same statements run and `work` is told so. */
  async underLockOf<T>(
    address: EmailAddress,
    work: (tx: Transaction, account: queries.AccountRow | undefined) => Promise<T>,
  ): Promise<T> {
    return await this.#underLock(
      await this.#directory.find({ kind: "email", address }),
      // The address may have changed hands since it was looked up.
      async (tx, account) => await work(tx, account?.email === address ? account : undefined),
    );
  }

  async #underLock<T>(
    found: AccountRef | undefined,
    work: (tx: Transaction, account: queries.AccountRow | undefined) => Promise<T>,
  ): Promise<T> {
    // Nobody's id is another one each time, so that strangers do not wait for each other.
    const nobody = { id: newId<"account">(this.#clock.now()), region: await this.#regions.codeOf() };
    const { id, region } = found ?? nobody;
    return await this.#db.transaction(async (tx) => {
      await queries.takeTurn(tx, id);
      const { rows } = await queries.lock(tx, id, region);
      const row = rows[0] ?? (found === undefined ? undefined : await this.#lockWhereItMoved(tx, id));
      return await work(tx, row);
    });
  }

  /** It moved between being found and being locked; now it holds still. */
  async #lockWhereItMoved(tx: Transaction, id: AccountId): Promise<queries.AccountRow | undefined> {
    const { rows } = await queries.findRelocation(tx, id);
    return (await queries.lock(tx, id, rows[0]?.region ?? birthRegionOf(id))).rows[0];
  }
}

function newRow({ id, region }: AccountRef, details: NewAccount, now: Date): queries.AccountRow {
  const birthDate = details.birthDate ?? null;
  return {
    id,
    region,
    status: "active",
    email: details.email ?? null,
    password_hash: details.passwordHash ?? null,
    display_name: details.displayName ?? null,
    birth_date: birthDate,
    birth_date_precision: birthDate === null ? null : (details.birthDatePrecision ?? "day"),
    locale: details.locale,
    created_at: now,
    updated_at: now,
    password_changed_at: details.passwordHash === undefined ? null : now,
    roles: [...(details.roles ?? [])].sort(),
  };
}
