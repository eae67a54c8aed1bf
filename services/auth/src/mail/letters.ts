import type { Language, Texts } from "@kinopass/http";

/** What a letter says, in both languages; how it looks is the business of `render.ts`. */
export interface Letter {
  readonly subject: Texts;
  readonly paragraphs: readonly Texts[];
  /** Shown large, on a line of its own. */
  readonly code?: string | undefined;
  /** Leads to the site; what the page needs stands after `#`, so that no server's log ever sees it. */
  readonly link?: { readonly text: Texts; readonly fragment: Readonly<Record<string, string>> } | undefined;
}

/** Plain values of one mail: codes, times, names of devices. */
export type LetterValues = Readonly<Record<string, string>>;

/** A capability's letters by name; the names of all capabilities share one table, so they are prefixed with nothing and unique. */
export type Letters = Readonly<Record<string, (values: LetterValues, language: Language) => Letter>>;
