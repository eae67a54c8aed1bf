/** What does not show, or turns the text around it: a name must not look like another one, or like none. */
const HIDDEN = "\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\u115f\\u1160\\u2800\\u3164\\uffa0";
const JOINERS = "\\u200c\\u200d";

/** For names that people type in; JSON Schema reads it with Unicode classes. No space at the ends. */
export const VISIBLE_PATTERN = `^(?! )[^${HIDDEN}]*(?<! )$`;

const HIDING = new RegExp(`(?![${JOINERS}])[${HIDDEN}]`, "gu");
const SHOWING = new RegExp(`[^\\s${JOINERS}]`, "u");

/** For names that programs send: what shows of it, "" where nothing does. Joiners stay: families of emoji are made with them. */
export function visibleText(text: string): string {
  const shown = text.replaceAll(HIDING, "").trim();
  return SHOWING.test(shown) ? shown : "";
}
