import { contoursOf } from "../picture/contours.ts";
import { Field } from "../picture/field.ts";
import { shapesOf } from "../picture/glyphs.ts";
import { type Point, strokesOf } from "../picture/pen.ts";
import { edgeDistances, FARTHEST } from "./edges.ts";
import { type Bitmap, half } from "./pixels.ts";
import { answerTo } from "./reading.ts";

interface Template {
  readonly character: string;
  readonly outline: readonly Point[];
  readonly width: number;
}

/** Where a template fits well: from `left` to `right`, by how much better than chance. */
interface Fit {
  readonly character: string;
  readonly right: number;
  readonly gain: number;
}

const CHARACTERS = [..."0123456789+−"];
const DRAWN = 100;
const BOX = 160;
/** Letter heights in a half-size picture, turns in degrees, slants: what the picture itself may do, in steps. */
const HEIGHTS = [74, 82, 90, 98];
const TURNS = [-11, 0, 11];
const SLANTS = [-0.13, 0, 0.13];
const STEP = 4;
/** A mean distance from edges above this is no better than chance. */
const CHANCE = 2.6;

/**
 * The attacker who has our glyphs: lays the outline of each over the edges of the picture at every
 * place, size, turn and slant, and takes the row of glyphs that fits best and makes a sum. Digits
 * and two signs only, so levels 1 and 2.
 */
export function readByTemplates(bitmap: Bitmap): number | undefined {
  const small = half(bitmap);
  const fits = fitsOf(edgeDistances(small), small);
  return answerTo(
    bestRow(fits, small.width)
      .split("")
      .join("")
      .replace(/([+−])/g, " $1 "),
  );
}

let made: readonly Template[] | undefined;

function templates(): readonly Template[] {
  made ??= CHARACTERS.flatMap((character) => {
    const sign = character === "+" || character === "−";
    return shapesOf(character).flatMap((shape) =>
      HEIGHTS.flatMap((height) =>
        (sign ? [0] : TURNS).flatMap((turn) =>
          (sign ? [0] : SLANTS).map((slant) => template(character, shape, { height, turn, slant })),
        ),
      ),
    );
  });
  return made;
}

function template(
  character: string,
  shape: string,
  { height, turn, slant }: { height: number; turn: number; slant: number },
): Template {
  const field = new Field(BOX, BOX);
  const scale = height / DRAWN;
  const [sin, cos] = [Math.sin((turn * Math.PI) / 180), Math.cos((turn * Math.PI) / 180)];
  for (const stroke of strokesOf(shape)) {
    const put = stroke.map(({ x, y }) => {
      const across = (x - 32 + (50 - y) * slant) * scale;
      const down = (y - 50) * scale;
      return { x: BOX / 2 + across * cos - down * sin, y: BOX / 2 + across * sin + down * cos };
    });
    field.draw(put, 16 * scale);
  }
  const outline = contoursOf(field)
    .flat()
    .filter((_, index) => index % 4 === 0);
  const left = Math.min(...outline.map(({ x }) => x));
  const width = Math.max(...outline.map(({ x }) => x)) - left;
  return {
    character,
    width,
    outline: outline.map(({ x, y }) => ({ x: Math.round(x - left), y: Math.round(y - BOX / 2) })),
  };
}

function fitsOf(far: Float32Array, { width, height }: Bitmap): Fit[][] {
  const fits: Fit[][] = Array.from({ length: width }, () => []);
  for (const { character, outline, width: wide } of templates()) {
    for (let left = 0; left + wide < width; left += STEP) {
      let best = CHANCE;
      for (let middle = 60; middle < height - 60; middle += STEP) {
        let sum = 0;
        for (const { x, y } of outline) sum += far[(middle + y) * width + left + x] ?? FARTHEST;
        best = Math.min(best, sum / outline.length);
      }
      // A small glyph fits by chance more easily: what counts is the length that is explained.
      if (best < CHANCE)
        fits[left]?.push({
          character,
          right: left + Math.round(wide * 0.85),
          gain: (CHANCE - best) * outline.length,
        });
    }
  }
  return fits;
}

/** How a sum goes on: after nothing a digit, after a digit another or a sign, and so on. */
const FOLLOWS: readonly Readonly<{ digit?: number; sign?: number }>[] = [
  { digit: 1 },
  { digit: 2, sign: 3 },
  { sign: 3 },
  { digit: 4 },
  { digit: 5 },
  {},
];
const ENDS = [4, 5];

interface Row {
  readonly gain: number;
  readonly text: string;
}

/** The row of glyphs side by side with the greatest gain that is a sum (dynamic programming from left to right). */
function bestRow(fits: readonly Fit[][], width: number): string {
  const rows: (Row | undefined)[][] = Array.from({ length: width + BOX }, () => []);
  const offer = (x: number, state: number, row: Row) => {
    const known = rows[x]?.[state];
    if (known === undefined || known.gain < row.gain) (rows[x] ?? [])[state] = row;
  };
  offer(0, 0, { gain: 0, text: "" });
  for (let x = 0; x < width; x++) {
    for (const [state, row] of (rows[x] ?? []).entries()) {
      if (row === undefined) continue;
      offer(x + 1, state, row);
      for (const { character, right, gain } of fits[x] ?? []) {
        const next = FOLLOWS[state]?.[/\d/.test(character) ? "digit" : "sign"];
        if (next !== undefined) offer(right, next, { gain: row.gain + gain, text: row.text + character });
      }
    }
  }
  const ended = ENDS.flatMap((state) => rows[width]?.[state] ?? []);
  return ended.sort((one, other) => other.gain - one.gain)[0]?.text ?? "";
}
