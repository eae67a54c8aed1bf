/** The languages viewers read. */
export type TaskLanguage = "en" | "ru";

/** The greatest number that is ever drawn as a word: longer ones would not be readable at three metres. */
export const GREATEST_WORD = 10;

const NUMBERS: Readonly<Record<TaskLanguage, readonly string[]>> = {
  ru: ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"],
  en: ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
};

const SIGNS: Readonly<Record<TaskLanguage, Readonly<Record<Sign, string>>>> = {
  ru: { "+": "плюс", "−": "минус", "×": "умножить на" },
  en: { "+": "plus", "−": "minus", "×": "times" },
};

export type Sign = "+" | "−" | "×";

/** The word for a number from 0 to 10. */
export function numberWord(value: number, language: TaskLanguage): string {
  const word = NUMBERS[language][value];
  if (word === undefined) throw new RangeError(`There is no word for ${value} here`);
  return word;
}

export function signWord(sign: Sign, language: TaskLanguage): string {
  return SIGNS[language][sign];
}

/** Every word that can be drawn; the glyph set must cover them all. */
export function drawnWords(): readonly string[] {
  return [...NUMBERS.ru, ...NUMBERS.en, SIGNS.ru["+"], SIGNS.ru["−"], SIGNS.en["+"], SIGNS.en["−"]];
}
