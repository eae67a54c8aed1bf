/**
 * What makes a password acceptable (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2): length, and not being one that
 * everybody tries first. Nothing is demanded of its composition, nothing expires.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { refusals } from "@kinopass/http";

export const refuse = refusals({
  password_too_short: {
    status: 400,
    title: { en: "The password is too short", ru: "Пароль слишком короткий" },
    detail: {
      en: "It needs 8 characters at least; a few words in a row are a good one",
      ru: "Нужно не меньше 8 символов; несколько слов подряд — хороший пароль",
    },
  },
  password_too_long: {
    status: 400,
    title: { en: "The password is too long", ru: "Пароль слишком длинный" },
    detail: {
      en: "It may have 128 characters and 512 bytes at most",
      ru: "В нём может быть не больше 128 символов и 512 байт",
    },
  },
  password_too_common: {
    status: 400,
    title: { en: "This password is too easy to guess", ru: "Этот пароль слишком легко угадать" },
    detail: {
      en: "It is among the most common ones, or made of your address or our name; choose another one",
      ru: "Он среди самых частых или составлен из вашего адреса или нашего названия, выберите другой",
    },
  },
});

/** Every refusal of `demandGoodPassword`; spread them into `config.refuses`. */
export const policyRefusals = [
  refuse.password_too_short,
  refuse.password_too_long,
  refuse.password_too_common,
] as const;

const LEAST_CHARACTERS = 8;
const MOST_CHARACTERS = 128;
const MOST_BYTES = 512;
const BRAND_WORDS = ["kinopass", "кинопасс", "kinopas", "кинопас"];
/** Shorter pieces of an address stand in too many good passwords. */
const LEAST_WORD = 4;

/** A password that cannot be anybody's is refused before it costs a hash; it is never cut (ASVS 6.2.8). */
export function demandBoundedPassword(password: string): void {
  const tooLong =
    password.length > MOST_CHARACTERS * 2 ||
    characters(password) > MOST_CHARACTERS ||
    Buffer.byteLength(password) > MOST_BYTES;
  if (tooLong) throw refuse.password_too_long();
}

/** `email` is the address the password will belong to, where there is one. */
export function demandGoodPassword(password: string, email?: string | null): void {
  demandBoundedPassword(password);
  // Length first: whoever is told "too common" would come back with another short one.
  if (characters(password) < LEAST_CHARACTERS) throw refuse.password_too_short();
  if (isCommon(password) || isMadeOf(wordsOf(email), password)) throw refuse.password_too_common();
}

function characters(text: string): number {
  return [...text].length;
}

/** On the list as it stands, or written with a capital or with the usual digits for letters; or one piece repeated. */
function isCommon(password: string): boolean {
  const plain = password.toLowerCase();
  return common().has(plain) || common().has(withoutLeet(plain)) || /^(.{1,4}?)\1+.?$/u.test(plain);
}

/** Whether too little is left once the words that anybody would try for this person are taken out. */
function isMadeOf(words: readonly string[], password: string): boolean {
  return [password.toLowerCase(), withoutLeet(password.toLowerCase())].some((plain) => {
    const rest = words.reduce((text, word) => text.replaceAll(word, ""), plain);
    return rest !== plain && (characters(rest) < LEAST_CHARACTERS || common().has(rest));
  });
}

function wordsOf(email: string | null | undefined): readonly string[] {
  const [local = "", domain = ""] = email?.toLowerCase().split("@") ?? [];
  const parts = [local, ...local.split(/[^\p{L}]+/u), domain, domain.split(".").slice(0, -1).join(".")];
  // Longest first, so that a whole address goes before its parts.
  return [...parts.filter((part) => part.length >= LEAST_WORD), ...BRAND_WORDS].sort(
    (one, other) => other.length - one.length,
  );
}

const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
};

function withoutLeet(text: string): string {
  return text.replaceAll(/[013457@$]/g, (sign) => LEET[sign] ?? sign);
}

let known: ReadonlySet<string> | undefined;

/** 49 thousand passwords, most common first, read when the first one is checked. */
function common(): ReadonlySet<string> {
  known ??= new Set(
    JSON.parse(
      readFileSync(
        fileURLToPath(import.meta.resolve("@zxcvbn-ts/language-common/src/passwords.json")),
        "utf8",
      ),
    ),
  );
  return known;
}
