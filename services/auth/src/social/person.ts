import type { Language } from "@kinopass/http";
import { type EmailAddress, parseEmail } from "../directory/email-address.ts";
import type { Profile } from "./providers/provider.ts";

/** What a new account takes over from a provider. */
export interface NewPerson {
  readonly email: EmailAddress | undefined;
  readonly displayName: string | undefined;
  readonly birthDate: string | undefined;
  readonly birthDatePrecision: "day" | "year" | undefined;
  readonly locale: Language;
}

const MOST_NAME_CHARS = 60;

/** docs/decisions/0008-whose-email-counts.md: an address counts by its provider's written rule, and else not at all. */
export function personOf(profile: Profile, asked: Language): NewPerson {
  return {
    email: confirmedEmailOf(profile),
    displayName: displayNameOf(profile.name),
    ...birthOf(profile.birthDate),
    locale: profile.locale === undefined ? asked : /^ru\b/i.test(profile.locale) ? "ru" : "en",
  };
}

/** The address, where the provider's rule confirms it. An unconfirmed one is not even looked up: that would tell who has an account. */
export function confirmedEmailOf({ email }: Profile): EmailAddress | undefined {
  if (email === undefined || email.verifiedBy === "nothing") return undefined;
  try {
    return parseEmail(email.address);
  } catch {
    // Legal elsewhere, not with us (a quoted local part): the person comes in without it.
    return undefined;
  }
}

function displayNameOf(name: string | undefined): string | undefined {
  const clean = (name ?? "")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return [...clean].slice(0, MOST_NAME_CHARS).join("").trim() || undefined;
}

/** Without the day the last one of the year counts, without the year nothing does: nobody is taken for older than told. */
function birthOf(birth: Profile["birthDate"]): Pick<NewPerson, "birthDate" | "birthDatePrecision"> {
  const { year, month, day } = birth ?? {};
  if (year === undefined) return { birthDate: undefined, birthDatePrecision: undefined };
  const two = (value: number) => String(value).padStart(2, "0");
  return month === undefined || day === undefined
    ? { birthDate: `${year}-12-31`, birthDatePrecision: "year" }
    : { birthDate: `${year}-${two(month)}-${two(day)}`, birthDatePrecision: "day" };
}
