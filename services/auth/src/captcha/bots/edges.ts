import type { Bitmap } from "./pixels.ts";

/** Farther than this from an edge is simply far. */
export const FARTHEST = 7;

/**
 * How far each pixel is from the nearest edge between light and dark. Edges stay where they are when
 * ink and paper change places, so a ribbon hides nothing from whoever looks at edges alone.
 */
export function edgeDistances({ width, height, light }: Bitmap): Float32Array {
  const far = new Float32Array(width * height).fill(FARTHEST);
  for (let place = 0; place < light.length; place++) {
    const rightDiffers = place % width < width - 1 && light[place] !== light[place + 1];
    const belowDiffers = place + width < light.length && light[place] !== light[place + width];
    if (rightDiffers || belowDiffers) far[place] = 0;
  }
  sweep(far, width, 1);
  sweep(far, width, -1);
  return far;
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
