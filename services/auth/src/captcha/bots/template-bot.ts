import type { TaskLanguage } from "../number-words.ts";
import { contoursOf } from "../picture/contours.ts";
import { Field } from "../picture/field.ts";
import { shape } from "../picture/lettering.ts";
import { KeyedRandomness, spread } from "../randomness.ts";
import type { Level } from "../tasks.ts";
import { directionOf, edgeDistances, FARTHEST } from "./edges.ts";
import { type Bitmap, half } from "./pixels.ts";
import { answerTo } from "./reading.ts";
import { bestSum, charactersOf, type Fit } from "./sum-rows.ts";

/** A sample of a character: for each band from top to foot its outline, as offsets from the middle of its left side. */
interface Template {
  readonly character: string;
  readonly bands: readonly Outline[];
  readonly points: number;
  readonly width: number;
}

interface Outline {
  readonly x: Int16Array;
  readonly y: Int16Array;
  readonly direction: Uint8Array;
}

/** What an attacker may choose. */
export interface Attack {
  readonly level: Level;
  readonly language: TaskLanguage;
  /** Whether a character may be cut into bands that stand aside from each other. */
  readonly elastic: boolean;
}

const BOX = 240;
/** Letter heights in a half-size picture. */
const HEIGHTS = [112, 94, 74];
const SAMPLES = 24;
const BANDS = 4;
const STEP = 4;
/** How many steps a band may stand aside. */
const ASIDE = 3;
/** A point of an outline every so many points of the grid's. */
const EVERY = 5;
/** A mean distance from edges above this is no better than chance; more freedom fits better by chance. */
const CHANCE = { rigid: 4.5, elastic: 3.9 } as const;

/**
 * The attacker who has this repository: draws each character as often as it likes with our own
 * code, lays the outlines over the edges of the picture at every place and size, and takes the row
 * of characters that fits best and makes a sum of the level that it asked for, in its language.
 */
export function readByTemplates(bitmap: Bitmap, attack: Attack): number | undefined {
  const small = half(bitmap);
  const far = edgeDistances(small);
  const readings = HEIGHTS.flatMap((height) => {
    const { whole, upper, lower } = fitsOf(far, small, height, attack);
    const rows = attack.level === 1 ? [whole] : [whole, [...upper, ...shifted(lower, upper.length)]];
    return rows.map((columns) => bestSum(columns, attack.level, attack.language));
  });
  const [best] = readings.sort((one, other) => other.gain - one.gain);
  return answerTo(best?.text ?? "");
}

function shifted(columns: readonly Fit[][], by: number): Fit[][] {
  return columns.map((fits) => fits.map((fit) => ({ ...fit, right: fit.right + by })));
}

const made = new Map<string, readonly Template[]>();

function templates(character: string, height: number): readonly Template[] {
  const name = `${character}${height}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const chance = new KeyedRandomness(Buffer.from("attacker"), name);
  const samples = Array.from({ length: SAMPLES }, () => template(chance, character, height));
  made.set(name, samples);
  return samples;
}

function template(chance: KeyedRandomness, character: string, height: number): Template {
  const field = new Field(BOX, BOX);
  const { strokes, penWidth } = shape(chance, character, true);
  const scale = (height / 100) * spread(chance, 0.93, 1.07);
  const lift = extentOf(strokes.flat().map(({ y }) => y)).middle;
  for (const stroke of strokes)
    field.draw(
      stroke.map(({ x, y }) => ({ x: BOX / 3 + x * scale, y: BOX / 2 + (y - lift) * scale })),
      penWidth * scale,
    );
  const points = contoursOf(field).flatMap((loop) =>
    loop.slice(1).flatMap((point, index) => {
      const before = loop[index];
      if (index % EVERY !== 0 || before === undefined) return [];
      return [{ ...point, direction: directionOf(point.x - before.x, point.y - before.y) }];
    }),
  );
  const across = extentOf(points.map(({ x }) => x));
  const down = extentOf(points.map(({ y }) => y));
  const bandOf = (y: number) =>
    Math.min(BANDS - 1, Math.floor(((y - down.least) / (down.most - down.least)) * BANDS));
  return {
    character,
    width: across.most - across.least,
    points: points.length,
    bands: Array.from({ length: BANDS }, (_, band) => {
      const own = points.filter(({ y }) => bandOf(y) === band);
      return {
        x: Int16Array.from(own, ({ x }) => Math.round(x - across.least)),
        y: Int16Array.from(own, ({ y }) => Math.round(y - BOX / 2)),
        direction: Uint8Array.from(own, ({ direction }) => direction),
      };
    }),
  };
}

function extentOf(values: readonly number[]) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  return { least, most, middle: (least + most) / 2 };
}

interface Fits {
  /** By column, for a sum on one line; for the first of two lines; for the second. */
  readonly whole: Fit[][];
  readonly upper: Fit[][];
  readonly lower: Fit[][];
}

function fitsOf(far: readonly Float32Array[], { width, height }: Bitmap, tall: number, attack: Attack): Fits {
  const columns = Math.floor(width / STEP);
  const empty = (): Fit[][] => Array.from({ length: columns }, () => []);
  const fits = { whole: empty(), upper: empty(), lower: empty() };
  const floor = attack.elastic ? CHANCE.elastic : CHANCE.rigid;
  for (const character of charactersOf(attack.level, attack.language)) {
    const best = { whole: bestOf(columns), upper: bestOf(columns), lower: bestOf(columns) };
    for (const sample of templates(character, tall)) {
      for (let middle = Math.round(tall * 0.4); middle < height - tall * 0.4; middle += STEP) {
        const costs = costsAt(far, { width, height }, sample, middle, attack.elastic);
        for (const [column, cost] of costs.entries()) {
          // A small character fits by chance more easily: what counts is the length that is explained.
          const gain = (floor - cost / sample.points) * sample.points;
          if (gain <= 0) continue;
          const right = column + Math.round((sample.width * 0.86) / STEP);
          const fit = { character, right, gain };
          if (gain > (best.whole[column]?.gain ?? 0)) best.whole[column] = fit;
          const line = middle < height / 2 ? best.upper : best.lower;
          if (gain > (line[column]?.gain ?? 0)) line[column] = fit;
        }
      }
    }
    for (const line of ["whole", "upper", "lower"] as const)
      for (const [column, fit] of best[line].entries()) if (fit !== undefined) fits[line][column]?.push(fit);
  }
  return fits;
}

function bestOf(columns: number): (Fit | undefined)[] {
  return Array.from({ length: columns }, () => undefined);
}

/** What the outline is away from edges in all, by the column of its left side. */
function costsAt(
  far: readonly Float32Array[],
  { width, height }: { readonly width: number; readonly height: number },
  { bands, width: wide }: Template,
  middle: number,
  elastic: boolean,
): Float32Array {
  const columns = Math.max(0, Math.floor((width - wide) / STEP));
  const costs = new Float32Array(columns);
  for (const { x, y, direction } of bands) {
    const own = new Float32Array(columns);
    for (let point = 0; point < x.length; point++) {
      const row = middle + (y[point] ?? 0);
      const map = far[direction[point] ?? 0];
      if (map === undefined || row < 0 || row >= height) {
        for (let column = 0; column < columns; column++) own[column] = (own[column] ?? 0) + FARTHEST;
        continue;
      }
      let place = row * width + (x[point] ?? 0);
      for (let column = 0; column < columns; column++, place += STEP)
        own[column] = (own[column] ?? 0) + (map[place] ?? FARTHEST);
    }
    for (let column = 0; column < columns; column++) {
      let least = own[column] ?? 0;
      for (let aside = -ASIDE; elastic && aside <= ASIDE; aside++)
        least = Math.min(least, own[column + aside] ?? least);
      costs[column] = (costs[column] ?? 0) + least;
    }
  }
  return costs;
}
