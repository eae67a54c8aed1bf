import type { Randomness } from "../randomness.ts";
import type { Level } from "../tasks.ts";
import { contoursOf, simplify } from "./contours.ts";
import { Field } from "./field.ts";
import { bending, type Letter, letter, type Sheet } from "./lettering.ts";
import type { Stroke } from "./pen.ts";
import { type Colour, encodePng, SHADES } from "./png.ts";
import { shadows } from "./shadows.ts";

/** The grid on which the ink is known. */
const SHEET: Sheet = { width: 480, height: 176 };
/** How many pixels of the PNG, and units of the SVG, one grid step has. */
const SCALE = 2.5;

/** How far a simplified outline may be from the exact one, in grid steps. */
const TOLERANCE = 0.22;

export const PICTURE_WIDTH = SHEET.width * SCALE;
export const PICTURE_HEIGHT = SHEET.height * SCALE;

/** Near-black and white: a contrast of 18 to 1, where WCAG 2.2 asks 7 to 1 for its highest level. */
const PAPER: Colour = [14, 17, 22];
const INK: Colour = [255, 255, 255];

/** The picture of a task, not yet in any form. */
export type Picture = Field;

/** How a picture is made hard for machines. */
export interface Disturbance {
  /** How much letters and the sheet are bent, from 0 (as they are written) to 1. */
  readonly crookedness: number;
  /** Large shadows in which ink and paper change places: for a person no more than that, for a threshold the end. */
  readonly shaded: boolean;
}

/** The letters of level 3 are many and small, and there are more of them to read: they need less. */
const DISTURBED: Readonly<Record<Level, Disturbance>> = {
  1: { crookedness: 1, shaded: true },
  2: { crookedness: 1, shaded: true },
  3: { crookedness: 0.85, shaded: true },
};
/** What every picture would be without disturbance; only to see that a bot can read at all. */
export const PLAIN: Disturbance = { crookedness: 0, shaded: false };

/** Draws the parts of a task as its level asks. The same chance draws the same picture. */
export function drawPicture(chance: Randomness, parts: readonly string[], level: Level): Picture {
  return drawDisturbed(chance, parts, DISTURBED[level]);
}

export function drawDisturbed(
  chance: Randomness,
  parts: readonly string[],
  { crookedness, shaded }: Disturbance,
): Picture {
  const field = new Field(SHEET.width, SHEET.height);
  const bend = crookedness > 0 ? bending(chance, SHEET, crookedness) : (stroke: Stroke) => stroke;
  for (const each of letter(chance, parts, SHEET, crookedness))
    lay(field, { ...each, strokes: each.strokes.map(bend) });
  if (shaded) field.exchange(shadows(chance, SHEET));
  return field;
}

/** Draws on a sheet just large enough, and lays that over the field. */
function lay(field: Field, { strokes, pen, wall }: Letter): void {
  const points = strokes.flat();
  const reach = Math.ceil(pen.width / 2) + 4;
  const left = Math.floor(Math.min(...points.map(({ x }) => x))) - reach;
  const top = Math.floor(Math.min(...points.map(({ y }) => y))) - reach;
  const right = Math.ceil(Math.max(...points.map(({ x }) => x))) + reach;
  const bottom = Math.ceil(Math.max(...points.map(({ y }) => y))) + reach;
  const own = new Field(right - left, bottom - top);
  for (const stroke of strokes)
    own.draw(
      stroke.map(({ x, y }) => ({ x: x - left, y: y - top })),
      pen,
    );
  field.overlay(wall > 0 ? own.hollowed(wall) : own, left, top);
}

/** The picture as one path of outlines; holes by the even-odd rule. */
export function svgOf(picture: Picture): string {
  const loops = contoursOf(picture)
    .map((loop) => simplify(loop, TOLERANCE).slice(0, -1))
    .filter(({ length }) => length > 2)
    .map(
      (loop) => `M${loop.map(({ x, y }) => `${Math.round(x * SCALE)} ${Math.round(y * SCALE)}`).join("L")}Z`,
    );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PICTURE_WIDTH} ${PICTURE_HEIGHT}">`,
    `<path fill="rgb(${PAPER})" d="M0 0H${PICTURE_WIDTH}V${PICTURE_HEIGHT}H0Z"/>`,
    `<path fill="rgb(${INK})" fill-rule="evenodd" d="${loops.join("")}"/></svg>`,
  ].join("");
}

/** The picture as a PNG of 1200 × 440, for televisions that draw no SVG. */
export async function pngOf(picture: Picture): Promise<Buffer> {
  const shadeAt = (x: number, y: number) => {
    const distance = picture.between((x + 0.5) / SCALE - 0.5, (y + 0.5) / SCALE - 0.5) * SCALE;
    return Math.round(Math.min(1, Math.max(0, 0.5 - distance)) * (SHADES - 1));
  };
  return await encodePng({ width: PICTURE_WIDTH, height: PICTURE_HEIGHT, shadeAt }, PAPER, INK);
}
