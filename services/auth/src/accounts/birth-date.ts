import { refusals } from "@kinopass/http";

export const refuse = refusals({
  birth_date_invalid: {
    status: 400,
    title: { en: "This is not a date of birth", ru: "Это не дата рождения" },
    detail: {
      en: "Give a day between 1900-01-01 and today as YYYY-MM-DD",
      ru: "Укажите день от 1900-01-01 до сегодняшнего в виде ГГГГ-ММ-ДД",
    },
  },
});

/** A real day in [1900-01-01, today] as YYYY-MM-DD; "today" is that of the earliest zone, so nobody is too early. */
export function demandBirthDate(text: string, now: Date): string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) throw refuse.birth_date_invalid();
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const latest = now.getTime() + 14 * 60 * 60 * 1000;
  if (!isReal || year < 1900 || date.getTime() > latest) throw refuse.birth_date_invalid();
  return text;
}
