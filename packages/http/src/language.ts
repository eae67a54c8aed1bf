import type { Language } from "./refusals.ts";

/**
 * The best of our languages for an Accept-Language header (RFC 9110 §12.5.4); English where nothing
 * fits or the header is not one.
 */
export function chooseLanguage(header: string | undefined): Language {
  if (header === undefined || header.length > 500) return "en";
  const wishes = header.split(",").map((part) => {
    const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
    const weight = parameters
      .map((parameter) => /^\s*q=([01](?:\.\d{1,3})?)\s*$/.exec(parameter)?.[1])
      .find((q) => q !== undefined);
    return { language: tag.trim().split("-")[0], weight: weight === undefined ? 1 : Number(weight) };
  });
  const best = (language: Language) =>
    Math.max(0, ...wishes.filter((wish) => wish.language === language).map(({ weight }) => weight));
  return best("ru") > best("en") ? "ru" : "en";
}
