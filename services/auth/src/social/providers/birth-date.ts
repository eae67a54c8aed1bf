import { field, quantity } from "./json.ts";
import type { BirthDate } from "./provider.ts";

/**
 * Birth dates as each provider writes them. The formats overlap (`04.05` and `04/05` mean different days), so there is
 * no guessing parser: an adapter names the format its provider documents. What cannot be a date is no date.
 */

const EARLIEST_YEAR = 1900;

/** `DD.MM.YYYY` and `DD.MM` (VK ID, Mail.ru), also without zeros (older VK). */
export function dotted(value: string | undefined, now: Date): BirthDate | undefined {
  const match = /^(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?$/.exec(value ?? "");
  return match ? fromParts(match[3], match[2], match[1], now) : undefined;
}

/** `YYYY-MM-DD` where an unknown part is zeros (Yandex), and plain (Odnoklassniki). */
export function dashed(value: string | undefined, now: Date): BirthDate | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value ?? "");
  return match ? fromParts(match[1], match[2], match[3], now) : undefined;
}

/** `MM/DD/YYYY`, `YYYY` or `MM/DD`, depending on what the person shows (Facebook). */
export function slashed(value: string | undefined, now: Date): BirthDate | undefined {
  const year = /^(\d{4})$/.exec(value ?? "");
  if (year) return fromParts(year[1], undefined, undefined, now);
  const match = /^(\d{2})\/(\d{2})(?:\/(\d{4}))?$/.exec(value ?? "");
  return match ? fromParts(match[3], match[1], match[2], now) : undefined;
}

/** `{year?, month?, day?}` (Google People). */
export function inParts(value: unknown, now: Date): BirthDate | undefined {
  const part = (key: string) =>
    field(value, key) === undefined ? undefined : String(quantity(value, key) ?? "x");
  return fromParts(part("year"), part("month"), part("day"), now);
}

/**
 * Whether a birth date proves that a person is at least so many years old. A year alone counts as its last day; a date
 * without a year proves nothing.
 */
export function provesAge(birth: BirthDate, years: number, now: Date): boolean {
  if (birth.year === undefined) return false;
  const month = birth.month ?? 12;
  const day = birth.day ?? new Date(Date.UTC(birth.year, month, 0)).getUTCDate();
  const comesOfAge = Date.UTC(birth.year + years, month - 1, day);
  return now.getTime() >= comesOfAge;
}

function fromParts(
  yearText: string | undefined,
  monthText: string | undefined,
  dayText: string | undefined,
  now: Date,
): BirthDate | undefined {
  const year = Number(yearText ?? 0);
  const month = Number(monthText ?? 0);
  const day = Number(dayText ?? 0);
  if (![year, month, day].every(Number.isInteger)) return undefined;
  if (year !== 0 && (year < EARLIEST_YEAR || year > now.getUTCFullYear())) return undefined;
  if (month > 12 || day > daysIn(year, month)) return undefined;
  if (year !== 0 && Date.UTC(year, Math.max(month - 1, 0), Math.max(day, 1)) > now.getTime())
    return undefined;

  if (year !== 0 && month !== 0 && day !== 0) return { year, month, day, precision: "day" };
  if (year !== 0 && month !== 0) return { year, month, precision: "month" };
  if (year !== 0) return { year, precision: "year" };
  if (month !== 0 && day !== 0) return { month, day, precision: "yearless" };
  return undefined;
}

/** Without a year 29 February stays possible; without a month there is no day to check. */
function daysIn(year: number, month: number): number {
  return month === 0 ? 31 : new Date(Date.UTC(year === 0 ? 2000 : year, month, 0)).getUTCDate();
}
