import { between, pick, type Randomness, spread } from "../randomness.ts";
import { crooked, kindOf } from "./crooked.ts";
import type { Pen } from "./field.ts";
import { shapesOf } from "./glyphs.ts";
import { type Point, type Stroke, strokesOf } from "./pen.ts";

/** A letter where it stands, before the sheet is bent. */
export interface Letter {
  readonly strokes: readonly Stroke[];
  readonly pen: Pen;
  /** How thick the walls of a hollow letter are; 0 for one that is full. */
  readonly wall: number;
}

export interface Sheet {
  readonly width: number;
  readonly height: number;
}

const GLYPH_HEIGHT = 100;
const MARGIN = 18;
/** Between words, as a share of the glyph height. */
const WORD_GAP = 0.4;
/** The greatest height of a letter in grid steps, by how many lines there are. */
const TALLEST = { one: 92, two: 58 } as const;
/** What would become smaller than this on one line is written on two. */
const LEAST_ON_ONE_LINE = 52;

/** Writes the parts from left to right, on one line or two, each letter with its own shape, size, slant, turn and pen. */
export function letter(
  chance: Randomness,
  parts: readonly string[],
  sheet: Sheet,
  crookedness: number,
): Letter[] {
  const room = sheet.width - 2 * MARGIN;
  const whole = line(chance, parts, crookedness);
  const height = Math.min(TALLEST.one, (room / whole.width) * GLYPH_HEIGHT);
  if (height >= LEAST_ON_ONE_LINE) return placed(chance, whole, { height, middle: sheet.height / 2, room });
  const cut = splitAt(parts);
  const lines = [line(chance, parts.slice(0, cut), crookedness), line(chance, parts.slice(cut), crookedness)];
  return lines.flatMap((each, index) =>
    placed(chance, each, {
      height: Math.min(TALLEST.two, (room / each.width) * GLYPH_HEIGHT),
      middle: sheet.height * (index === 0 ? 0.28 : 0.72),
      room,
    }),
  );
}

interface Line {
  readonly letters: readonly Letter[];
  readonly width: number;
}

/** Where the longer of two lines is shortest. */
function splitAt(parts: readonly string[]): number {
  const length = (some: readonly string[]) => some.join(" ").length;
  const longer = (cut: number) => Math.max(length(parts.slice(0, cut)), length(parts.slice(cut)));
  const cuts = parts.map((_, index) => index).slice(1);
  return cuts.reduce((best, cut) => (longer(cut) < longer(best) ? cut : best), 1);
}

function line(chance: Randomness, parts: readonly string[], crookedness: number): Line {
  const letters: Letter[] = [];
  let right = 0;
  for (const [index, part] of parts.entries()) {
    if (index > 0) right += WORD_GAP * GLYPH_HEIGHT;
    for (const character of part) {
      const { strokes, ...hand } = shape(chance, character, crookedness);
      const { least, most } = extent(strokes);
      const left = right - least + hand.pen.width / 2;
      letters.push({
        ...hand,
        strokes: strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x + left, y }))),
      });
      right += most - least + hand.pen.width + (crookedness > 0 ? spread(chance, CLOSEST, FARTHEST) : 10);
    }
  }
  return { letters, width: right };
}

interface Place {
  readonly height: number;
  readonly middle: number;
  readonly room: number;
}

function placed(chance: Randomness, { letters, width }: Line, { height, middle, room }: Place): Letter[] {
  const scale = height / GLYPH_HEIGHT;
  const start = MARGIN + spread(chance, 0.15, 0.85) * (room - width * scale);
  const put = ({ x, y }: Point): Point => ({ x: start + x * scale, y: middle + y * scale });
  return letters.map(({ strokes, ...drawn }) => {
    const { pen, wall } = height < LEAST_HOLLOW ? full(drawn) : drawn;
    return {
      pen: { ...pen, width: pen.width * scale },
      wall: wall * scale,
      strokes: strokes.map((stroke) => stroke.map(put)),
    };
  });
}

/** A hollow letter filled: the pen that drew its outside is too wide for the loops of one that is not hollow. */
function full({ pen, wall }: Pick<Letter, "pen" | "wall">): Pick<Letter, "pen" | "wall"> {
  return wall > 0 ? { pen: { ...pen, width: FULL_PEN }, wall: 0 } : { pen, wall };
}

/**
 * One letter about its own middle line: y runs from about -50 to 50. `crookedness` is from 0 (as it is written) to 1.
 * The bots draw theirs with it too.
 */
export function shape(chance: Randomness, character: string, crookedness: number): Letter {
  const strokes = strokesOf(pick(chance, shapesOf(character)));
  if (crookedness === 0)
    return { strokes: strokes.map((stroke) => stroke.map(upright)), pen: { width: 16 }, wall: 0 };
  const placing = crooked(chance, kindOf(character), crookedness);
  return { strokes: strokes.map((stroke) => stroke.map(placing)), ...hand(chance, character) };
}

const upright = ({ x, y }: Point): Point => ({ x, y: y - 50 });

/** A pen for one letter: thin or thick, round or broad-nibbed; digits and signs may be hollow. */
function hand(chance: Randomness, character: string): Pick<Letter, "pen" | "wall"> {
  const isHollow = kindOf(character) !== "letter" && chance.below(HOLLOW) === 0;
  const width = isHollow ? spread(chance, 20, 24) : spread(chance, 10, 21);
  const contrast = isHollow ? 0 : spread(chance, 0, 0.45);
  return {
    pen: { width, contrast, nib: spread(chance, 0, Math.PI) },
    wall: isHollow ? spread(chance, 6.5, 8) : 0,
  };
}

/** One digit or sign in so many is hollow, unless the letters are so low that a wall would run into the next. */
const HOLLOW = 8;
const LEAST_HOLLOW = 60;
const FULL_PEN = 14;
/** What is between the boxes of two letters; letters that lie on each other are hard to read. */
const CLOSEST = -3;
const FARTHEST = 7;

function extent(strokes: readonly Stroke[]): { readonly least: number; readonly most: number } {
  const across = strokes.flat().map(({ x }) => x);
  return { least: Math.min(...across), most: Math.max(...across) };
}

/**
 * Bends the whole sheet: by slow waves, so that no line is straight, and by some as short as a letter, so that
 * neighbours stand in each other's bends. Nothing tears.
 */
export function bending(
  chance: Randomness,
  { width, height }: Sheet,
  crookedness: number,
): (stroke: Stroke) => Stroke {
  const slow = Array.from({ length: 2 }, (_, octave) => ({
    along: (spread(chance, 0.6, 1.1) * (octave + 1) * 2 * Math.PI) / width,
    down: (spread(chance, -0.5, 0.5) * (octave + 1) * 2 * Math.PI) / height,
    phase: spread(chance, 0, 2 * Math.PI),
    across: spread(chance, -7, 7) / (octave + 1),
    lift: (spread(chance, 0.5, 1) * 10 * (between(chance, 0, 1) * 2 - 1)) / (octave + 1),
  }));
  const waves = [...slow, ripple(chance, 0, crookedness), ripple(chance, Math.PI / 2, crookedness)];
  const bend = (point: Point): Point => {
    let { x, y } = point;
    for (const wave of waves) {
      const swing = Math.sin(point.x * wave.along + point.y * wave.down + wave.phase);
      x += wave.across * swing;
      y += wave.lift * swing;
    }
    return { x, y };
  };
  return (stroke) => stroke.map(bend);
}

function ripple(chance: Randomness, about: number, crookedness: number) {
  const direction = about + spread(chance, -0.6, 0.6);
  const rate = (2 * Math.PI) / spread(chance, 70, 110);
  const swing = spread(chance, 0.7, 1) * RIPPLE * crookedness;
  const aside = spread(chance, 0, 2 * Math.PI);
  return {
    along: Math.cos(direction) * rate,
    down: Math.sin(direction) * rate,
    phase: spread(chance, 0, 2 * Math.PI),
    across: swing * Math.cos(aside),
    lift: swing * Math.sin(aside),
  };
}

/** How far a ripple sets things aside, in grid steps. */
const RIPPLE = 6.5;
