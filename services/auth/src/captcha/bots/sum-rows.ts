import { GREATEST_WORD, numberWord, signWord, type TaskLanguage } from "../number-words.ts";
import type { Level } from "../tasks.ts";

/** A character that may stand from some column to `right`, and how much of the picture it explains. */
export interface Fit {
  readonly character: string;
  readonly right: number;
  readonly gain: number;
}

/** A half-read sum: what may come next. */
interface State {
  readonly next: Map<string, State>;
  readonly beginsPart: boolean;
  readonly isEnd: boolean;
}

interface Row {
  readonly gain: number;
  readonly text: string;
}

/** Every character that a sum of this level can have. */
export function charactersOf(level: Level, language: TaskLanguage): string[] {
  return [...new Set(partsOf(level, language).flat().join(""))];
}

/** The row of characters from left to right that makes a sum and explains most (dynamic programming). */
export function bestSum(
  columns: readonly (readonly Fit[])[],
  level: Level,
  language: TaskLanguage,
): { readonly text: string; readonly gain: number } {
  const rows: Map<State, Row>[] = Array.from({ length: columns.length + 1 }, () => new Map());
  const offer = (column: number, state: State, row: Row) => {
    const at = rows[Math.min(column, columns.length)];
    if ((at?.get(state)?.gain ?? Number.NEGATIVE_INFINITY) < row.gain) at?.set(state, row);
  };
  offer(0, grammar(partsOf(level, language)), { gain: 0, text: "" });
  for (const [column, fits] of columns.entries()) {
    for (const [state, row] of rows[column] ?? []) {
      offer(column + 1, state, row);
      for (const { character, right, gain } of fits) {
        const next = state.next.get(character);
        if (next === undefined) continue;
        const text = `${row.text}${next.beginsPart ? " " : ""}${character}`;
        offer(right, next, { gain: row.gain + gain, text });
      }
    }
  }
  const ends = [...(rows.at(-1) ?? [])].filter(([{ isEnd }]) => isEnd).map(([, row]) => row);
  return ends.sort((one, other) => other.gain - one.gain)[0] ?? { text: "", gain: 0 };
}

/** What may stand in each place of a sum: numbers and signs by turns. */
function partsOf(level: Level, language: TaskLanguage): string[][] {
  const numbers = Array.from({ length: 100 }, (_, value) => String(value));
  const words = Array.from({ length: GREATEST_WORD - 1 }, (_, index) => numberWord(index + 2, language));
  const all = level === 1 ? numbers : [...numbers, ...words];
  if (level < 3) return [all, ["+", "−"], all];
  const signs = ["+", "−", "×", signWord("+", language), signWord("−", language)];
  return [all, signs, all, signs, all];
}

function grammar(places: readonly string[][]): State {
  let after: State | undefined;
  for (const texts of places.toReversed()) after = place(texts, after);
  if (after === undefined) throw new RangeError("A sum has parts");
  return after;
}

/** The beginnings of the texts of one place; where a text is complete, the next place begins. */
function place(texts: readonly string[], after: State | undefined): State {
  const whole = new Set(texts);
  const states = new Map<string, State>();
  const stateOf = (begun: string): State => {
    const known = states.get(begun);
    if (known !== undefined) return known;
    const state: State = {
      next: new Map(whole.has(begun) ? after?.next : []),
      beginsPart: begun.length === 1,
      isEnd: after === undefined && whole.has(begun),
    };
    states.set(begun, state);
    return state;
  };
  for (const text of texts) {
    for (let length = 1; length <= text.length; length++)
      stateOf(text.slice(0, length - 1)).next.set(text[length - 1] ?? "", stateOf(text.slice(0, length)));
  }
  return stateOf("");
}
