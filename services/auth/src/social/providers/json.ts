/** Careful reading of what providers send: every field may be absent, of another type, or too long. */

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_NAME_CHARS = 200;
const MAX_URL_CHARS = 2048;
/** RFC 5321 §4.5.3.1.3 leaves 254 for an address between its brackets. */
const MAX_EMAIL_CHARS = 254;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own properties only: a body that says `__proto__` reaches nothing. */
export function field(object: unknown, key: string): unknown {
  return isObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A string with something in it; `""` is how several providers say "none". */
export function text(object: unknown, key: string): string | undefined {
  const value = field(object, key);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * A person's id as an exact string. Numbers are taken while they are exact: past 2^53 JSON has already rounded them,
 * and a rounded id is somebody else's.
 */
export function identifier(object: unknown, key: string): string | undefined {
  const value = field(object, key);
  const id = typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? String(value) : value;
  return typeof id === "string" && /^[\x21-\x7e]{1,255}$/.test(id) ? id : undefined;
}

/** A count or an age: number or decimal string, as providers mix both; undefined for anything else. */
export function quantity(object: unknown, key: string): number | undefined {
  const value = field(object, key);
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** Apple says `"true"` where others say `true`. */
export function truth(object: unknown, key: string): boolean {
  const value = field(object, key);
  return value === true || value === "true";
}

/** A name fit to store and show: well-formed, on one line, of a sane length (PostgreSQL refuses U+0000). */
export function personName(...parts: (string | undefined)[]): string | undefined {
  const whole = parts
    .filter((part) => part !== undefined)
    .join(" ")
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  return whole === "" ? undefined : [...whole].slice(0, MAX_NAME_CHARS).join("");
}

export function webUrl(object: unknown, key: string): string | undefined {
  const value = text(object, key);
  if (value === undefined || value.length > MAX_URL_CHARS || !URL.canParse(value)) return undefined;
  return /^https?:$/.test(new URL(value).protocol) ? value : undefined;
}

/** An address somebody could have; its case is kept, comparing is the directory's business. */
export function emailAddress(object: unknown, key: string): string | undefined {
  const value = text(object, key)?.trim();
  if (value === undefined || value.length > MAX_EMAIL_CHARS) return undefined;
  return /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(value) && value.isWellFormed() ? value : undefined;
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

/** A BCP 47 tag out of `ru_RU`, `ru-RU` or `ru`. */
export function localeTag(object: unknown, key: string): string | undefined {
  const value = text(object, key)?.replace("_", "-");
  return value !== undefined && /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(value) && value.length <= 35
    ? value
    : undefined;
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined, so that absent means absent. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
