import { createHash } from "node:crypto";
import type { Random } from "./ground.ts";

/** Somebody who can be chosen on the consent page. What a provider tells about them depends on the provider. */
export interface Person {
  /** Short and stable: `adult`, or `new-…` for one made up on the spot. */
  readonly id: string;
  /** What the consent page says about them. */
  readonly about: { readonly en: string; readonly ru: string };
  readonly firstName: string;
  readonly lastName: string;
  /** Absent: the account has no address (signed up by phone, or declined to give it). */
  readonly email?: string;
  /** Their mailbox at the provider itself, where it runs mail: yandex, google, mailru. */
  readonly ownMailbox?: string;
  readonly emailVerified: boolean;
  readonly birth?: { readonly year?: number; readonly month: number; readonly day: number };
  readonly gender: "female" | "male";
  readonly locale: "ru" | "en";
}

export type NewPerson = Partial<Omit<Person, "id" | "about">> & { readonly id?: string };

export const CAST: readonly Person[] = [
  {
    id: "adult",
    about: { en: "Adult, with a confirmed e-mail", ru: "Взрослый, почта подтверждена" },
    firstName: "Анна",
    lastName: "Примерова",
    email: "anna@viewer.example",
    ownMailbox: "kinopass-emulated-anna",
    emailVerified: true,
    birth: { year: 1990, month: 5, day: 17 },
    gender: "female",
    locale: "ru",
  },
  {
    id: "no-email",
    about: { en: "Adult, no e-mail at all", ru: "Взрослый, без почты" },
    firstName: "Борис",
    lastName: "Беспочтов",
    emailVerified: false,
    birth: { year: 1984, month: 10, day: 10 },
    gender: "male",
    locale: "ru",
  },
  {
    id: "child",
    about: { en: "Child of eleven or so", ru: "Ребёнок лет одиннадцати" },
    firstName: "Соня",
    lastName: "Младшая",
    email: "sonya@viewer.example",
    emailVerified: true,
    birth: { year: 2015, month: 2, day: 3 },
    gender: "female",
    locale: "ru",
  },
  {
    id: "unverified",
    about: { en: "Adult, address not confirmed", ru: "Взрослый, почта не подтверждена" },
    firstName: "Глеб",
    lastName: "Непроверенный",
    email: "gleb@viewer.example",
    emailVerified: false,
    birth: { year: 1979, month: 7, day: 8 },
    gender: "male",
    locale: "en",
  },
  {
    id: "yearless",
    about: { en: "Hides the year of birth", ru: "Скрывает год рождения" },
    firstName: "Вера",
    lastName: "Безгодова",
    email: "vera@viewer.example",
    emailVerified: true,
    birth: { month: 12, day: 23 },
    gender: "female",
    locale: "ru",
  },
];

const MAX_PEOPLE = 10_000;

/** Everybody who can be chosen; new people are added, the oldest made-up ones make room. */
export class People {
  readonly #byId = new Map<string, Person>(CAST.map((person) => [person.id, person]));
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The cast and who was added by name; people made up on the page do not crowd the list. */
  listed(): readonly Person[] {
    return [...this.#byId.values()].filter((person) => !person.id.startsWith("new-"));
  }

  /** `new` makes up somebody nobody has seen before. */
  find(id: string): Person | undefined {
    return id === "new" ? this.add({}) : this.#byId.get(id);
  }

  add(wanted: NewPerson): Person {
    const tag = this.#random(4).toString("hex");
    const person: Person = {
      id: `new-${tag}`,
      about: { en: wanted.id ?? "Somebody new", ru: wanted.id ?? "Кто-то новый" },
      firstName: "Новый",
      lastName: `Зритель ${tag}`,
      email: `${tag}@viewer.example`,
      emailVerified: true,
      birth: { year: 1995, month: 6, day: 15 },
      gender: "male",
      locale: "ru",
      ...wanted,
    };
    if (this.#byId.size >= MAX_PEOPLE) {
      const oldest = [...this.#byId.keys()].find((id) => id.startsWith("new-"));
      if (oldest !== undefined) this.#byId.delete(oldest);
    }
    this.#byId.set(person.id, person);
    return person;
  }
}

/** A person's number at a provider: always the same, different at each, within what a JSON number holds exactly. */
export function numberAt(provider: string, person: Person, digits = 10): string {
  const hash = createHash("sha256").update(`${provider} ${person.id}`).digest();
  const span = 10n ** BigInt(digits - 1);
  return String(span + (hash.readBigUInt64BE() % (span * 9n)));
}

/** `DD.MM.YYYY` and the like, with the year left out when the person hides it. */
export function birthAs(
  person: Person,
  write: (year: string, month: string, day: string) => string,
): string | undefined {
  if (person.birth === undefined) return undefined;
  const { year, month, day } = person.birth;
  const two = (value: number) => String(value).padStart(2, "0");
  return write(year === undefined ? "" : String(year), two(month), two(day));
}
