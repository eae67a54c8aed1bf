import { contoursOf } from "../picture/contours.ts";
import { Field } from "../picture/field.ts";
import { shape } from "../picture/lettering.ts";
import { KeyedRandomness, spread } from "../randomness.ts";
import { directionOf } from "./edges.ts";

/** A sample of a character: for each band from top to foot its outline, as offsets from the middle of its left side. */
export interface Template {
  readonly character: string;
  readonly bands: readonly Outline[];
  /** A few of the points, to see soon where the sample cannot stand. */
  readonly sketch: readonly Outline[];
  readonly width: number;
}

export interface Outline {
  readonly x: Int16Array;
  readonly y: Int16Array;
  readonly direction: Uint8Array;
}

interface Edge {
  readonly x: number;
  readonly y: number;
  readonly direction: number;
}

const BOX = 220;
const SAMPLES = 48;
/** A letter bent half as much is nearer to most letters than another that is bent as much but otherwise. */
const CROOKEDNESS = [0.4, 0.7, 1];
const BANDS = 4;
/** A point of an outline every so many points of the grid's; of the sketch, every so many of those. */
const EVERY = 5;
const SKETCHED = 3;

const made = new Map<string, readonly Template[]>();
const drawn = new Map<string, readonly (readonly Edge[])[]>();

/** Samples of a character at a height, drawn with our own code. All are kept: drawing them is the slow part. */
export function templates(character: string, height: number): readonly Template[] {
  return kept(made, `${character}${height}`, () =>
    samplesOf(character).map((edges) => template(character, edges, height / 100)),
  );
}

function samplesOf(character: string): readonly (readonly Edge[])[] {
  return kept(drawn, character, () => {
    const chance = new KeyedRandomness(Buffer.from("attacker"), character);
    return Array.from({ length: SAMPLES }, (_, index) =>
      drawnEdges(chance, character, CROOKEDNESS[index % CROOKEDNESS.length] ?? 1),
    );
  });
}

function kept<Value>(store: Map<string, Value>, name: string, make: () => Value): Value {
  const known = store.get(name) ?? make();
  store.set(name, known);
  return known;
}

/** The same points at every height: what fits is compared between heights by its mean. */
function template(character: string, edges: readonly Edge[], scale: number): Template {
  const across = extentOf(edges.map(({ x }) => x));
  const down = extentOf(edges.map(({ y }) => y));
  const placed = edges.map(({ x, y, direction }) => ({
    x: (x - across.least) * scale,
    y: y * scale,
    direction,
  }));
  const bandOf = ({ y }: Edge) =>
    Math.min(BANDS - 1, Math.floor(((y / scale - down.least) / (down.most - down.least)) * BANDS));
  const bands = Array.from({ length: BANDS }, (_, band) => placed.filter((edge) => bandOf(edge) === band));
  return {
    character,
    width: (across.most - across.least) * scale,
    bands: bands.map(outline),
    sketch: bands.map((band) => outline(band.filter((_, index) => index % SKETCHED === 0))),
  };
}

/** About the letter's middle line, 100 units high. */
function drawnEdges(chance: KeyedRandomness, character: string, crookedness: number): Edge[] {
  const field = new Field(BOX, BOX);
  const { strokes, pen, wall } = shape(chance, character, crookedness);
  const scale = spread(chance, 0.93, 1.07);
  const lift = extentOf(strokes.flat().map(({ y }) => y)).middle;
  for (const stroke of strokes)
    field.draw(
      stroke.map(({ x, y }) => ({ x: BOX / 3 + x * scale, y: BOX / 2 + (y - lift) * scale })),
      { ...pen, width: pen.width * scale },
    );
  return contoursOf(wall > 0 ? field.hollowed(wall * scale) : field).flatMap((loop) =>
    loop.slice(1).flatMap((point, index) => {
      const before = loop[index];
      if (index % EVERY !== 0 || before === undefined) return [];
      const direction = directionOf(point.x - before.x, point.y - before.y);
      return [{ x: point.x, y: point.y - BOX / 2, direction }];
    }),
  );
}

function outline(edges: readonly Edge[]): Outline {
  return {
    x: Int16Array.from(edges, ({ x }) => Math.round(x)),
    y: Int16Array.from(edges, ({ y }) => Math.round(y)),
    direction: Uint8Array.from(edges, ({ direction }) => direction),
  };
}

function extentOf(values: readonly number[]) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  return { least, most, middle: (least + most) / 2 };
}
