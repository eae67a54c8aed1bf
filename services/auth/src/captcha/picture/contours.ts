import type { Field } from "./field.ts";
import { mix, type Point } from "./pen.ts";

/**
 * The outlines of the ink as closed loops (marching squares), in grid units. Loops come in the
 * order of the scan, so a letter and the border of a shadow cannot be told apart by their place.
 */
export function contoursOf(field: Field): Point[][] {
  const next = new Map<number, Edge[]>();
  for (let y = -1; y < field.height; y++) {
    for (let x = -1; x < field.width; x++) for (const edge of edgesOf(field, x, y)) link(next, edge);
  }
  return loops(next);
}

interface Edge {
  readonly from: Crossing;
  readonly to: Crossing;
}

interface Crossing extends Point {
  /** Which grid line is crossed: the same for both cells that share it. */
  readonly key: number;
}

const ROW = 1 << 14;

const NONE: readonly Edge[] = [];

/** Most cells: nothing is crossed by any edge. */
function isUniform(field: Field, x: number, y: number): boolean {
  const isInk = field.at(x, y) < 0;
  return (
    field.at(x + 1, y) < 0 === isInk &&
    field.at(x, y + 1) < 0 === isInk &&
    field.at(x + 1, y + 1) < 0 === isInk
  );
}

/** The pieces of outline in one cell, ink on their left. Corners run clockwise from the top left. */
function edgesOf(field: Field, x: number, y: number): readonly Edge[] {
  if (isUniform(field, x, y)) return NONE;
  const values = [field.at(x, y), field.at(x + 1, y), field.at(x + 1, y + 1), field.at(x, y + 1)] as const;
  const entering: Crossing[] = [];
  const leaving: Crossing[] = [];
  for (let side = 0; side < 4; side++) {
    const from = values[side] ?? 0;
    const to = values[(side + 1) % 4] ?? 0;
    if (from < 0 === to < 0) continue;
    (from < 0 ? leaving : entering).push(crossing(x, y, side, from / (from - to)));
  }
  return leaving.flatMap((from, index) => {
    const to = entering[index];
    return to === undefined ? [] : [{ from, to }];
  });
}

const CORNERS = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
] as const;

function crossing(x: number, y: number, side: number, along: number): Crossing {
  const start = CORNERS[side] ?? CORNERS[0];
  const end = CORNERS[(side + 1) % 4] ?? CORNERS[0];
  const point = mix(start, end, along);
  const low = { x: x + 1 + Math.min(start.x, end.x), y: y + 1 + Math.min(start.y, end.y) };
  const key = (low.y * ROW + low.x) * 2 + (start.x === end.x ? 1 : 0);
  return { key, x: x + point.x, y: y + point.y };
}

function link(next: Map<number, Edge[]>, edge: Edge): void {
  const known = next.get(edge.from.key);
  if (known === undefined) next.set(edge.from.key, [edge]);
  else known.push(edge);
}

function loops(next: Map<number, Edge[]>): Point[][] {
  const found: Point[][] = [];
  for (const key of next.keys()) {
    for (let edge = next.get(key)?.pop(); edge !== undefined; edge = next.get(key)?.pop()) {
      const loop: Point[] = [edge.from];
      for (let step: Edge | undefined = edge; step !== undefined; step = next.get(step.to.key)?.pop())
        loop.push(step.to);
      found.push(loop);
    }
  }
  return found;
}

/** Leaves out the points that a straight line passes within `tolerance` (Ramer–Douglas–Peucker). */
export function simplify(line: readonly Point[], tolerance: number): Point[] {
  const first = line[0];
  const last = line.at(-1);
  if (first === undefined || last === undefined || line.length < 3) return [...line];
  let farthest = 0;
  let at = 0;
  for (const [index, point] of line.entries()) {
    const off = distanceToLine(point, first, last);
    if (off > farthest) [farthest, at] = [off, index];
  }
  if (farthest <= tolerance) return [first, last];
  return [...simplify(line.slice(0, at + 1), tolerance).slice(0, -1), ...simplify(line.slice(at), tolerance)];
}

function distanceToLine(point: Point, from: Point, to: Point): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(point.x - from.x, point.y - from.y);
  return Math.abs(dx * (from.y - point.y) - dy * (from.x - point.x)) / length;
}
