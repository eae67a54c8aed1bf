import { between, pick, type Randomness, spread } from "../randomness.ts";
import { shapesOf } from "./glyphs.ts";
import { type Point, type Stroke, strokesOf } from "./pen.ts";

/** A letter where it stands, before the sheet is bent. */
export interface Letter {
  readonly strokes: readonly Stroke[];
  readonly penWidth: number;
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
export function letter(chance: Randomness, parts: readonly string[], sheet: Sheet, bent: boolean): Letter[] {
  const room = sheet.width - 2 * MARGIN;
  const whole = line(chance, parts, bent);
  const height = Math.min(TALLEST.one, (room / whole.width) * GLYPH_HEIGHT);
  if (height >= LEAST_ON_ONE_LINE) return placed(chance, whole, { height, middle: sheet.height / 2, room });
  const cut = splitAt(parts);
  const lines = [line(chance, parts.slice(0, cut), bent), line(chance, parts.slice(cut), bent)];
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

function line(chance: Randomness, parts: readonly string[], bent: boolean): Line {
  const letters: Letter[] = [];
  let right = 0;
  for (const [index, part] of parts.entries()) {
    if (index > 0) right += WORD_GAP * GLYPH_HEIGHT;
    for (const character of part) {
      const { strokes, penWidth } = shape(chance, character, bent);
      const { least, most } = extent(strokes);
      const left = right - least + penWidth / 2;
      letters.push({
        penWidth,
        strokes: strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x + left, y }))),
      });
      right += most - least + penWidth + (bent ? spread(chance, -8, 5) : 10);
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
  return letters.map(({ strokes, penWidth }) => ({
    penWidth: penWidth * scale,
    strokes: strokes.map((stroke) => stroke.map(put)),
  }));
}

/** One letter about its own middle line: y runs from about -50 to 50. The bots draw theirs with it too. */
export function shape(chance: Randomness, character: string, bent: boolean): Letter {
  const strokes = strokesOf(pick(chance, shapesOf(character)));
  const penWidth = between(chance, 14, 18);
  const placing = bent ? crooked(chance, SIGNS.has(character)) : ({ x, y }: Point) => ({ x, y: y - 50 });
  return { strokes: strokes.map((stroke) => stroke.map(placing)), penWidth };
}

function crooked(chance: Randomness, sign: boolean): (point: Point) => Point {
  const most = sign ? UPRIGHT : CROOKED;
  const turn = (spread(chance, -most.turn, most.turn) * Math.PI) / 180;
  const slant = spread(chance, -most.slant, most.slant);
  const wide = spread(chance, 0.88, 1.16);
  const tall = spread(chance, 0.84, 1.1);
  const lift = spread(chance, -10, 10);
  const swell = wobble(chance, most.swell);
  const sway = wobble(chance, most.swell);
  return ({ x, y }) => {
    const across = (x - MIDDLE) * wide + (50 - y) * slant + sway(y);
    const down = (y - 50) * tall + swell(x);
    return {
      x: MIDDLE + across * Math.cos(turn) - down * Math.sin(turn),
      y: lift + across * Math.sin(turn) + down * Math.cos(turn),
    };
  };
}

const SIGNS: ReadonlySet<string> = new Set(["+", "−", "×"]);
/** A plus that is turned far enough is a cross: signs stay nearly upright. Turns in degrees. */
const UPRIGHT = { turn: 6, slant: 0.06, swell: 3 } as const;
const CROOKED = { turn: 15, slant: 0.22, swell: 7 } as const;
/** Bends one letter by a wave of its own, about as long as the letter: no turn or slant of a template undoes it. */
function wobble(chance: Randomness, most: number): (along: number) => number {
  const swing = spread(chance, 0.5, 1) * most * (between(chance, 0, 1) * 2 - 1);
  const phase = spread(chance, 0, 2 * Math.PI);
  const rate = (2 * Math.PI) / spread(chance, 75, 130);
  return (along) => swing * Math.sin(along * rate + phase);
}

/** About which a letter turns. */
const MIDDLE = 32;

function extent(strokes: readonly Stroke[]): { readonly least: number; readonly most: number } {
  const across = strokes.flat().map(({ x }) => x);
  return { least: Math.min(...across), most: Math.max(...across) };
}

/** Bends the whole sheet by a few slow waves: straight lines and even spacing are gone, nothing tears. */
export function bending(chance: Randomness, { width, height }: Sheet): (stroke: Stroke) => Stroke {
  const waves = Array.from({ length: 3 }, (_, octave) => ({
    along: (spread(chance, 0.6, 1.1) * (octave + 1) * 2 * Math.PI) / width,
    down: (spread(chance, -0.5, 0.5) * (octave + 1) * 2 * Math.PI) / height,
    phase: spread(chance, 0, 2 * Math.PI),
    across: spread(chance, -7, 7) / (octave + 1),
    lift: (spread(chance, 0.5, 1) * 10 * (between(chance, 0, 1) * 2 - 1)) / (octave + 1),
  }));
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
