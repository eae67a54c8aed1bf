import { between, type Randomness, spread } from "../randomness.ts";
import type { Point } from "./pen.ts";

interface Most {
  /** In degrees. */
  readonly turn: number;
  readonly slant: number;
  readonly swell: number;
  /** How much wider the top is than the foot, or the foot than the top. */
  readonly taper: number;
}

export type CharacterKind = "digit" | "letter" | "sign";

/**
 * A plus that is turned far enough is a cross: signs stay nearly upright. Letters of words are many and small, and
 * a dictionary helps a machine with them as it helps a person: what a machine must not read is digits.
 */
const MOST: Readonly<Record<CharacterKind, Most>> = {
  digit: { turn: 12, slant: 0.28, swell: 5.2, taper: 0.18 },
  letter: { turn: 15, slant: 0.2, swell: 6, taper: 0.2 },
  sign: { turn: 6, slant: 0.06, swell: 4, taper: 0.15 },
};

export function kindOf(character: string): CharacterKind {
  if (/[+−×]/.test(character)) return "sign";
  return /\d/.test(character) ? "digit" : "letter";
}

/** About which a letter turns. */
const MIDDLE = 32;

/** Makes one letter unlike any other of its kind: turned, slanted, stretched, tapered, and bent by waves of its own. */
export function crooked(chance: Randomness, kind: CharacterKind, share = 1): (point: Point) => Point {
  const most = MOST[kind];
  const turn = (share * toASide(chance, most.turn) * Math.PI) / 180;
  const slant = share * toASide(chance, most.slant);
  // Narrow, wide, low and tall: a person hardly notices, and each is a template more.
  const wide = spread(chance, 0.7, 1.5);
  const tall = spread(chance, 0.7, 1.16);
  const taper = share * toASide(chance, most.taper);
  const lift = spread(chance, -16, 16);
  const swell = [wobble(chance, share * most.swell), wobble(chance, share * most.swell)] as const;
  const sway = [wobble(chance, share * most.swell), wobble(chance, share * most.swell)] as const;
  return ({ x, y }) => {
    const height = (50 - y) / 50;
    const across =
      (x - MIDDLE) * wide * (1 + taper * height) + (50 - y) * slant + sway[0](y) + sway[1](x + y);
    const down = (y - 50) * tall + swell[0](x) + swell[1](x - y);
    return {
      x: MIDDLE + across * Math.cos(turn) - down * Math.sin(turn),
      y: lift + across * Math.sin(turn) + down * Math.cos(turn),
    };
  };
}

/** To either side, seldom little: upright letters are the ones that templates know. */
function toASide(chance: Randomness, most: number): number {
  return spread(chance, 0.3, 1) * most * (between(chance, 0, 1) * 2 - 1);
}

/** A wave about as long as the letter: no turn or slant of a template undoes it. */
function wobble(chance: Randomness, most: number): (along: number) => number {
  const swing = toASide(chance, most);
  const phase = spread(chance, 0, 2 * Math.PI);
  const rate = (2 * Math.PI) / spread(chance, 85, 150);
  return (along) => swing * Math.sin(along * rate + phase);
}
