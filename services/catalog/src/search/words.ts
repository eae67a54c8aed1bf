/** Words that are shorter have too many neighbours for a typo to be told. */
const MIN_WITH_TYPO = 3;

/** Longer words are no words, and would have too many spellings. */
const LONGEST = 40;

/** The words of a folded text. */
export function wordsOf(folded: string): readonly string[] {
  return folded.split(" ").filter((word) => word !== "");
}

/** Neighbours written as one word, so that "spiderman" finds "Spider-Man" and "schindlers" finds "Schindler's". */
export function joinedPairs(folded: string): readonly string[] {
  const words = wordsOf(folded);
  return words.slice(1).map((word, at) => `${words[at]}${word}`);
}

/** What typos are forgiven of: the words, and those that an apostrophe parts ("o brien", "schindler s"). */
export function learntWords(folded: string): readonly string[] {
  const words = wordsOf(folded);
  const parted = words.slice(1).map((word, at) => [words[at] ?? "", word] as const);
  const whole = parted.filter((pair) => pair.some((part) => part.length === 1)).map((pair) => pair.join(""));
  return [...words, ...whole].filter((word) => word.length >= MIN_WITH_TYPO && word.length <= LONGEST);
}

/** The word and, unless it is short, the word without each of its letters. */
export function spellingsOf(word: string): readonly string[] {
  if (word.length < MIN_WITH_TYPO || word.length > LONGEST) return [];
  if (word.length === MIN_WITH_TYPO) return [word];
  const letters = [...word];
  return [...new Set([word, ...letters.map((_, at) => letters.toSpliced(at, 1).join(""))])];
}

/**
 * A tsquery of words that must all be there, the last one perhaps unfinished. Folded words are letters
 * and digits alone: nothing in them can be taken for an operator or a quote.
 */
export function exactQuery(words: readonly string[]): string {
  return words.map((word, at) => (at === words.length - 1 ? `'${word}':*` : `'${word}'`)).join(" & ");
}

/** A tsquery where each word may be any of its likely meanings. */
export function forgivingQuery(
  words: readonly string[],
  meanings: ReadonlyMap<string, readonly string[]>,
): string {
  return words
    .map((word) => [word, ...(meanings.get(word) ?? [])])
    .map((options) => `(${[...new Set(options)].map((option) => `'${option}'`).join(" | ")})`)
    .join(" & ");
}
