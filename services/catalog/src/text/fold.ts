const MARKS = /\p{M}+/gu;
const NOT_WORDS = /[^\p{L}\p{N}]+/gu;

/**
 * The form in which texts are compared: lower case, without accents, words of letters and digits parted
 * by one blank. "Amélie" and "amelie!" fold alike. Empty for a text without a letter or digit, so nothing
 * of a query's punctuation ever reaches the database.
 */
export function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(MARKS, "").toLowerCase().replaceAll(NOT_WORDS, " ").trim();
}
