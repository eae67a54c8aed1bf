import { between, type Randomness, spread } from "../randomness.ts";
import type { Pane } from "./field.ts";
import type { Sheet } from "./lettering.ts";
import type { Stroke } from "./pen.ts";

/** A smooth line over the whole sheet, swinging about `middle`, a share of its height: the height over each column. */
export function crossingLine(chance: Randomness, { width, height }: Sheet, middle: number): Float32Array {
  const from = height * (middle + spread(chance, -0.1, 0.1));
  const to = height * (middle + spread(chance, -0.1, 0.1));
  const turns = spread(chance, 1.2, 2.8) * Math.PI * 2;
  const phase = spread(chance, 0, Math.PI * 2);
  const swing = height * spread(chance, 0.06, 0.14);
  return Float32Array.from({ length: width }, (_, x) => {
    const along = x / width;
    return from + (to - from) * along + swing * Math.sin(turns * along + phase);
  });
}

/** The line for a pen, from beyond one edge to beyond the other. */
export function penned(heights: Float32Array): Stroke {
  const step = 6;
  const stroke = Array.from({ length: Math.ceil(heights.length / step) }, (_, index) => ({
    x: index * step,
    y: heights[index * step] ?? 0,
  }));
  return [{ x: -5, y: heights[0] ?? 0 }, ...stroke, { x: heights.length + 5, y: heights.at(-1) ?? 0 }];
}

/** Panes one below the other, each with a shift of its own, to the left and to the right by turns. */
export function panesOver(chance: Randomness, sheet: Sheet, count: number): Pane[] {
  let side = between(chance, 0, 1) * 2 - 1;
  return Array.from({ length: count }, (_, index) => {
    side = -side;
    return {
      centre: crossingLine(chance, sheet, (index + 1) / (count + 1)),
      half: spread(chance, 13, 17),
      shift: side * between(chance, LEAST_SHIFT, MOST_SHIFT),
    };
  });
}

const LEAST_SHIFT = 10;
const MOST_SHIFT = 14;
