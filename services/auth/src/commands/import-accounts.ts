/**
 * Takes accounts over from another system, with their argon2id hashes, so that nobody has to choose a
 * new password; hashes of another cost are renewed at the next sign-in. An address that has an account
 * already is left as it is, so an import can be repeated, or go on after it was interrupted.
 */
import { AppError, type Language } from "@kinopass/http";
import { DatabaseAway, DatabaseRefusal, type Transaction } from "@kinopass/postgres";
import { Value } from "typebox/value";
import { refuse as refuseAccount } from "../accounts/accounts.ts";
import { demandBirthDate } from "../accounts/birth-date.ts";
import { DisplayNameField } from "../accounts/fields.ts";
import { parseEmail } from "../directory/email-address.ts";
import { SUPERUSER } from "../roles/roles.ts";
import { CONSOLE, type Console } from "./console.ts";
import { demandForeignHash } from "./foreign-hash.ts";

/** One record of the file, as it was read. */
export interface ImportRecord {
  /** Where it stands, for the report. */
  readonly line: number;
  readonly value: unknown;
}

export interface ImportTotals {
  created: number;
  present: number;
  bad: number;
}

export interface ImportHooks {
  /** A record that was skipped, and why. */
  onBad(line: number, why: string): void;
  /** After every batch. */
  onProgress(totals: Readonly<ImportTotals>): void;
}

type Details = Parameters<Console["capabilities"]["accounts"]["createConfirmed"]>[0];

/** Accounts of one transaction: few enough to stay far below the deadline of a transaction. */
const BATCH = 100;
const MOST_ATTEMPTS = 5;
const FIELDS = new Set(["email", "password_hash", "display_name", "birth_date", "region", "locale", "roles"]);

export async function importAccounts(
  opened: Console,
  records: AsyncIterable<ImportRecord>,
  hooks: ImportHooks,
): Promise<Readonly<ImportTotals>> {
  const importer = new Importer(opened, hooks);
  let batch: Read[] = [];
  for await (const record of records) {
    const read = await importer.read(record);
    if (read !== undefined) batch.push(read);
    if (batch.length < BATCH) continue;
    await importer.write(batch);
    batch = [];
  }
  await importer.write(batch);
  return importer.totals;
}

interface Read {
  readonly line: number;
  readonly details: Details;
}

class Importer {
  readonly totals: ImportTotals = { created: 0, present: 0, bad: 0 };
  readonly #console: Console;
  readonly #hooks: ImportHooks;

  constructor(opened: Console, hooks: ImportHooks) {
    this.#console = opened;
    this.#hooks = hooks;
  }

  /** What the record says, or undefined where it was told as bad. */
  async read({ line, value }: ImportRecord): Promise<Read | undefined> {
    try {
      return { line, details: await this.#details(value) };
    } catch (error) {
      if (!(error instanceof AppError) && !(error instanceof BadRecord)) throw error;
      this.#skip(line, error);
      return undefined;
    }
  }

  async #details(value: unknown): Promise<Details> {
    if (value instanceof Error) throw new BadRecord(value.message);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new BadRecord("The record is not an object");
    const record = value as Record<string, unknown>;
    const unknown = Object.keys(record).find((name) => !FIELDS.has(name));
    if (unknown !== undefined)
      throw new BadRecord(`There is no field ${JSON.stringify(unknown.slice(0, 40))}`);
    const { regions } = this.#console.capabilities;
    const region = textOf(record, "region");
    const birthDate = textOf(record, "birth_date");
    const hash = textOf(record, "password_hash");
    return {
      email: parseEmail(textOf(record, "email") ?? ""),
      passwordHash: hash === undefined ? undefined : demandForeignHash(hash),
      displayName: displayNameOf(record),
      birthDate: birthDate === undefined ? undefined : demandBirthDate(birthDate, this.#console.clock.now()),
      region: region === undefined ? undefined : await regions.codeOf(region),
      locale: localeOf(record),
      roles: await this.#rolesOf(record),
      actor: CONSOLE,
    };
  }

  async #rolesOf(record: Record<string, unknown>): Promise<readonly string[]> {
    const given = record["roles"] ?? [];
    const names = typeof given === "string" ? given.split(" ").filter((name) => name !== "") : given;
    if (!Array.isArray(names) || names.length > 16 || !names.every((name) => typeof name === "string"))
      throw new BadRecord("roles is not a list of names");
    if (names.includes(SUPERUSER))
      throw new BadRecord("Nobody is imported as superuser; use kinopass superuser create");
    for (const name of names) await this.#console.capabilities.roles.find(name);
    return [...new Set(names as string[])];
  }

  /** One transaction; where the database refuses it, each record on its own, to find the one at fault. */
  async write(batch: readonly Read[]): Promise<void> {
    try {
      await this.#writeTogether(batch);
    } catch (error) {
      if (!(error instanceof DatabaseRefusal)) throw error;
      if (batch.length === 1 && batch[0] !== undefined) this.#skip(batch[0].line, error);
      else for (const one of batch) await this.write([one]);
      return;
    }
    this.#hooks.onProgress(this.totals);
  }

  async #writeTogether(batch: readonly Read[]): Promise<void> {
    if (batch.length === 0) return;
    // In one order, so that two imports of the same addresses wait for each other and never in a circle.
    const ordered = batch.toSorted((a, b) => ((a.details.email ?? "") < (b.details.email ?? "") ? -1 : 1));
    const created = await this.#patiently(ordered);
    this.totals.created += created;
    this.totals.present += batch.length - created;
  }

  /** Somebody else's import, or a busy moment of the database, may cost a batch its time; writing it again is safe. */
  async #patiently(batch: readonly Read[]): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#console.capabilities.db.transaction(async (tx) => {
          let made = 0;
          for (const { details } of batch) if (await this.#create(tx, details)) made += 1;
          return made;
        });
      } catch (error) {
        if (!(error instanceof DatabaseAway) || attempt >= MOST_ATTEMPTS) throw error;
      }
    }
  }

  /** A taken address is found out by the first statement, before anything was written: the transaction goes on. */
  async #create(tx: Transaction, details: Details): Promise<boolean> {
    try {
      await this.#console.capabilities.accounts.createConfirmed(details, tx);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === refuseAccount.email_taken.code) return false;
      throw error;
    }
  }

  #skip(line: number, error: Error): void {
    this.totals.bad += 1;
    this.#hooks.onBad(line, error.message);
  }
}

class BadRecord extends Error {
  override readonly name = "BadRecord";
}

function textOf(record: Record<string, unknown>, name: string): string | undefined {
  const value = record[name];
  // A CSV file has no other way to say nothing.
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string" && value.length <= 512) return value;
  throw new BadRecord(`${name} is not a text of at most 512 characters`);
}

function localeOf(record: Record<string, unknown>): Language {
  const locale = textOf(record, "locale") ?? "ru";
  if (locale === "ru" || locale === "en") return locale;
  throw new BadRecord("locale is neither ru nor en");
}

function displayNameOf(record: Record<string, unknown>): string | undefined {
  const name = textOf(record, "display_name");
  if (name !== undefined && !Value.Check(DisplayNameField, name))
    throw new BadRecord("display_name has more than 60 characters, or some that nobody can see");
  return name;
}
