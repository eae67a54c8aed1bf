import type { TaskLanguage } from "../number-words.ts";
import type { Level } from "../tasks.ts";
import { edgeDistances, FARTHEST } from "./edges.ts";
import { type Bitmap, half } from "./pixels.ts";
import { answerTo } from "./reading.ts";
import { bestSum, charactersOf, type Fit } from "./sum-rows.ts";
import { type Outline, type Template, templates } from "./templates.ts";

/** What an attacker may choose. */
export interface Attack {
  readonly level: Level;
  readonly language: TaskLanguage;
  /** Whether a character may be cut into bands that stand aside from each other. */
  readonly elastic: boolean;
}

/** Letter heights in a half-size picture. */
const HEIGHTS = [112, 94, 74];
/** Places are tried this far apart, in pixels; with sketches, twice as far. */
const STEP = 4;
const STRIDE = 2 * STEP;
/** How many steps a band may stand aside. */
const ASIDE = 3;
/** So many of a sketch's best places around each column are looked at closely. */
const LOOKED_AT = 4;
/** A mean distance from edges above this is no better than chance; more freedom fits better by chance. */
const CHANCE = { rigid: 4.5, elastic: 3.9 } as const;

/** Rows above and below the picture that are far from every edge: an index outside an array makes reading slow. */
const MARGIN_ROWS = 2;

/** How far edges of each direction are, with a margin, and the size of the picture. */
interface Edges {
  readonly far: readonly Float32Array[];
  readonly width: number;
  readonly height: number;
}

/**
 * The attacker who has this repository: draws each character as often as it likes with our own
 * code, lays the outlines over the edges of the picture at every place and size, and takes the row
 * of characters that fits best and makes a sum of the level that it asked for, in its language.
 */
export function readByTemplates(bitmap: Bitmap, attack: Attack): number | undefined {
  const small = half(bitmap);
  const far = edgeDistances(small).map((map) => withMargin(map, MARGIN_ROWS * small.width));
  const edges = { far, width: small.width, height: small.height };
  const readings = HEIGHTS.flatMap((height) => {
    const { whole, upper, lower } = fitsOf(edges, height, attack);
    const rows = attack.level === 1 ? [whole] : [whole, [...upper, ...shifted(lower, upper.length)]];
    return rows.map((columns) => bestSum(columns, attack.level, attack.language));
  });
  const [best] = readings.sort((one, other) => other.gain - one.gain);
  return answerTo(best?.text ?? "");
}

function withMargin(map: Float32Array, margin: number): Float32Array {
  const wider = new Float32Array(map.length + 2 * margin).fill(FARTHEST);
  wider.set(map, margin);
  return wider;
}

function shifted(columns: readonly Fit[][], by: number): Fit[][] {
  return columns.map((fits) => fits.map((fit) => ({ ...fit, right: fit.right + by })));
}

interface Fits {
  /** By column, for a sum on one line; for the first of two lines; for the second. */
  readonly whole: Fit[][];
  readonly upper: Fit[][];
  readonly lower: Fit[][];
}

function fitsOf(edges: Edges, tall: number, attack: Attack): Fits {
  const columns = Math.floor(edges.width / STEP);
  const empty = (): Fit[][] => Array.from({ length: columns }, () => []);
  const fits = { whole: empty(), upper: empty(), lower: empty() };
  for (const character of charactersOf(attack.level, attack.language)) {
    const best = {
      whole: new Map<number, Fit>(),
      upper: new Map<number, Fit>(),
      lower: new Map<number, Fit>(),
    };
    for (const place of likelyPlaces(edges, templates(character, tall), tall, attack.elastic)) {
      for (const { column, middle, gain } of lookClosely(edges, place, attack.elastic)) {
        const fit = { character, gain, right: column + Math.round((place.sample.width * 0.86) / STEP) };
        for (const line of [best.whole, middle < edges.height / 2 ? best.upper : best.lower])
          if (gain > (line.get(column)?.gain ?? 0)) line.set(column, fit);
      }
    }
    for (const line of ["whole", "upper", "lower"] as const)
      for (const [column, fit] of best[line]) fits[line][column]?.push(fit);
  }
  return fits;
}

interface Place {
  readonly sample: Template;
  readonly left: number;
  readonly middle: number;
  readonly cost: number;
}

/** By sketches, on a coarse grid: the best places around each column, of the upper and of the lower half. */
function likelyPlaces(edges: Edges, samples: readonly Template[], tall: number, elastic: boolean): Place[] {
  const columns = Math.ceil(edges.width / STRIDE);
  const found: Place[][] = Array.from({ length: 2 * columns }, () => []);
  const worst = new Float32Array(2 * columns).fill(FARTHEST);
  for (const sample of samples) {
    const count = sample.sketch.reduce((sum, { x }) => sum + x.length, 0);
    for (let middle = Math.round(tall * 0.4); middle < edges.height - tall * 0.4; middle += STRIDE) {
      const costs = sketchCosts(edges, sample, middle, elastic);
      const line = middle < edges.height / 2 ? 0 : columns;
      for (let column = 0; column < costs.length; column++) {
        const cost = (costs[column] ?? 0) / count;
        if (cost >= (worst[line + column] ?? 0)) continue;
        const best = insert(found[line + column] ?? [], { sample, left: column * STRIDE, middle, cost });
        if (best.length === LOOKED_AT) worst[line + column] = best.at(-1)?.cost ?? FARTHEST;
      }
    }
  }
  return found.flat();
}

function insert(best: Place[], place: Place): Place[] {
  const at = best.findIndex(({ cost }) => cost > place.cost);
  best.splice(at < 0 ? best.length : at, 0, place);
  if (best.length > LOOKED_AT) best.pop();
  return best;
}

/** What the sketch is away from edges in all, by the column of its left side. */
function sketchCosts(
  edges: Edges,
  { sketch, width }: Template,
  middle: number,
  elastic: boolean,
): Float32Array {
  const columns = Math.max(0, Math.floor((edges.width - width) / STRIDE));
  const costs = new Float32Array(columns);
  const most = elastic ? Math.ceil((ASIDE * STEP) / STRIDE) : 0;
  for (const band of sketch)
    addLeast(costs, bandCosts(edges, band, { left: 0, middle, columns, stride: STRIDE }), most);
  return costs;
}

interface Strip {
  readonly left: number;
  readonly middle: number;
  readonly columns: number;
  readonly stride: number;
}

/** What one band costs at each of some places side by side. */
function bandCosts({ far, width, height }: Edges, band: Outline, strip: Strip): Float32Array {
  const { left, middle, columns, stride } = strip;
  const costs = new Float32Array(columns);
  for (let point = 0; point < band.x.length; point++) {
    const row = middle + (band.y[point] ?? 0);
    const map = far[band.direction[point] ?? 0];
    if (map === undefined || row < 0 || row >= height) {
      for (let column = 0; column < columns; column++) costs[column] = (costs[column] ?? 0) + FARTHEST;
      continue;
    }
    let place = (row + MARGIN_ROWS) * width + left + (band.x[point] ?? 0);
    for (let column = 0; column < columns; column++, place += stride)
      costs[column] = (costs[column] ?? 0) + (map[place] ?? FARTHEST);
  }
  return costs;
}

/** Adds the least of each cost and its neighbours up to `most` places aside. */
function addLeast(sums: Float32Array, costs: Float32Array, most: number): void {
  for (let column = 0; column < sums.length; column++) {
    let least = costs[column] ?? FARTHEST;
    const last = Math.min(costs.length - 1, column + most);
    for (let other = Math.max(0, column - most); other <= last; other++)
      least = Math.min(least, costs[other] ?? least);
    sums[column] = (sums[column] ?? 0) + least;
  }
}

/** Around a likely place, with every point: what is better than chance. */
function lookClosely(edges: Edges, { sample, left, middle }: Place, elastic: boolean) {
  const floor = elastic ? CHANCE.elastic : CHANCE.rigid;
  const points = sample.bands.reduce((sum, { x }) => sum + x.length, 0);
  const spare = elastic ? ASIDE : 0;
  const first = left / STEP - 1 - spare;
  const columns = 3 + 2 * spare;
  const found: { readonly column: number; readonly middle: number; readonly gain: number }[] = [];
  for (const row of [middle - STEP, middle, middle + STEP]) {
    const costs = new Float32Array(columns);
    for (const band of sample.bands)
      addLeast(
        costs,
        bandCosts(edges, band, { left: first * STEP, middle: row, columns, stride: STEP }),
        spare,
      );
    for (let column = first + spare; column < first + spare + 3; column++) {
      // A small character fits by chance more easily: what counts is the length that is explained.
      const gain = floor * points - (costs[column - first] ?? Number.POSITIVE_INFINITY);
      if (gain > 0 && column >= 0) found.push({ column, middle: row, gain });
    }
  }
  return found;
}
