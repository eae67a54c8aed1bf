export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line of the pen: straight between its points. */
export type Stroke = readonly Point[];

const STEPS = 12;

/** Reads the glyph notation into strokes fine enough to be bent afterwards. */
export function strokesOf(path: string): Stroke[] {
  const strokes: Point[][] = [];
  for (const [, command = "", numbers = ""] of path.matchAll(/([MLQC])([^MLQC]*)/g)) {
    const points = pointsOf(numbers);
    const current = strokes.at(-1);
    if (command === "M") strokes.push(points.slice(0, 1));
    else if (current !== undefined) current.push(...bezier([...current.slice(-1), ...points]));
  }
  return strokes;
}

function pointsOf(numbers: string): Point[] {
  const values = numbers.trim().split(/\s+/).map(Number);
  const points: Point[] = [];
  for (let at = 0; at + 1 < values.length; at += 2)
    points.push({ x: values[at] ?? 0, y: values[at + 1] ?? 0 });
  return points;
}

/** De Casteljau: a line, a quadratic and a cubic curve differ only in how many points they hang on. */
function bezier(controls: readonly Point[]): Point[] {
  const curve: Point[] = [];
  for (let step = 1; step <= STEPS; step++) curve.push(onCurve(controls, step / STEPS));
  return curve;
}

function onCurve(controls: readonly Point[], t: number): Point {
  let points = controls;
  while (points.length > 1) {
    points = points.slice(1).map((point, index) => mix(points[index] ?? point, point, t));
  }
  return points[0] ?? { x: 0, y: 0 };
}

export function mix(from: Point, to: Point, t: number): Point {
  return { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t };
}
