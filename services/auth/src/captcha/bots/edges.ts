import type { Bitmap } from "./pixels.ts";

/** Farther than this from an edge is simply far. */
export const FARTHEST = 7;
/** Into how many classes the directions of edges fall, over half a turn. */
export const DIRECTIONS = 6;
/** What an edge of the next direction costs, in pixels. */
const ASKEW = 2;

/**
 * For each direction, how far each pixel is from the nearest edge between light and dark that runs
 * that way. Edges stay where they are when ink and paper change places, so a pane hides nothing from
 * whoever looks at edges alone; and a crossing line is not taken for the stroke that it crosses.
 */
export function edgeDistances(bitmap: Bitmap): Float32Array[] {
  const { width, light } = bitmap;
  const maps = Array.from({ length: DIRECTIONS }, () => new Float32Array(light.length).fill(FARTHEST));
  const soft = blurred(bitmap);
  for (let place = 2 * width; place < light.length - 2 * width; place++) {
    if (light[place] === light[place + 1] && light[place] === light[place + width]) continue;
    const across = (soft[place + 2] ?? 0) - (soft[place - 2] ?? 0);
    const down = (soft[place + 2 * width] ?? 0) - (soft[place - 2 * width] ?? 0);
    const map = maps[directionOf(-down, across)];
    if (map !== undefined) map[place] = 0;
  }
  for (const map of maps) for (const direction of [1, -1] as const) sweep(map, width, direction);
  return maps.map((map, index) => {
    const before = maps[(index + DIRECTIONS - 1) % DIRECTIONS];
    const after = maps[(index + 1) % DIRECTIONS];
    return map.map((far, place) =>
      Math.min(far, (before?.[place] ?? FARTHEST) + ASKEW, (after?.[place] ?? FARTHEST) + ASKEW),
    );
  });
}

export function directionOf(across: number, down: number): number {
  const turn = Math.atan2(down, across) / Math.PI + 1;
  return Math.floor(turn * DIRECTIONS + 0.5) % DIRECTIONS;
}

/** Over a square of five pixels, so that an edge of steps has the direction of its line. */
function blurred({ width, light }: Bitmap): Float32Array {
  const rows = new Float32Array(light.length);
  const soft = new Float32Array(light.length);
  const sum = (from: ArrayLike<number>, place: number, step: number) =>
    (from[place - 2 * step] ?? 0) +
    (from[place - step] ?? 0) +
    (from[place] ?? 0) +
    (from[place + step] ?? 0) +
    (from[place + 2 * step] ?? 0);
  for (let place = 0; place < light.length; place++) rows[place] = sum(light, place, 1);
  for (let place = 0; place < light.length; place++) soft[place] = sum(rows, place, width);
  return soft;
}

/** Half of a two-pass chamfer transform: distances come from the pixels already passed. */
function sweep(far: Float32Array, width: number, direction: 1 | -1): void {
  const start = direction === 1 ? 0 : far.length - 1;
  for (let count = 0, place = start; count < far.length; count++, place += direction) {
    const from = (offset: number, cost: number) => (far[place - direction * offset] ?? FARTHEST) + cost;
    far[place] = Math.min(
      far[place] ?? FARTHEST,
      from(1, 1),
      from(width, 1),
      from(width + 1, 1.41),
      from(width - 1, 1.41),
    );
  }
}
