import { type Bitmap, differing } from "./pixels.ts";

/**
 * The attacker who knows how the picture is made: follows each ribbon from edge to edge as the
 * smooth path with most ink between and least beside it (dynamic programming over the columns),
 * and turns it back. Made for pictures of half size.
 */
export function ribbonsTraced(bitmap: Bitmap, ribbons = 2): Bitmap {
  let cleaned = bitmap;
  for (let count = 0; count < ribbons; count++) cleaned = differing(cleaned, bestRibbon(cleaned));
  return cleaned;
}

const HALVES = [14, 15, 16, 17, 18, 19, 20];
const STEEPEST = 3;
const BEND_COST = 0.15;

function bestRibbon(bitmap: Bitmap): Bitmap {
  let best: { readonly score: number; readonly path: Int16Array; readonly half: number } | undefined;
  for (const half of HALVES) {
    const found = follow(bitmap, half);
    if (found.score > (best?.score ?? Number.NEGATIVE_INFINITY)) best = { ...found, half };
  }
  const { width, height } = bitmap;
  const light = new Uint8Array(width * height);
  for (let x = 0; best !== undefined && x < width; x++) {
    const centre = best.path[x] ?? 0;
    for (let y = Math.max(0, centre - best.half); y <= Math.min(height - 1, centre + best.half); y++)
      light[y * width + x] = 1;
  }
  return { width, height, light };
}

function follow(
  { width, height, light }: Bitmap,
  half: number,
): { readonly score: number; readonly path: Int16Array } {
  const from = new Int16Array(width * height);
  let scores = new Float64Array(height);
  for (let x = 0; x < width; x++) {
    const fits = columnFits(light, { x, width, height, half });
    const next = new Float64Array(height);
    for (let y = 0; y < height; y++) {
      let best = Number.NEGATIVE_INFINITY;
      for (let step = -STEEPEST; step <= STEEPEST; step++) {
        const before = (scores[y + step] ?? Number.NEGATIVE_INFINITY) - BEND_COST * Math.abs(step);
        if (before > best) [best, from[x * height + y]] = [before, y + step];
      }
      next[y] = best + (fits[y] ?? 0);
    }
    scores = next;
  }
  let end = scores.indexOf(Math.max(...scores));
  const score = scores[end] ?? 0;
  const path = new Int16Array(width);
  for (let x = width - 1; x >= 0; x--) {
    path[x] = end;
    end = from[x * height + end] ?? end;
  }
  return { score, path };
}

interface Column {
  readonly x: number;
  readonly width: number;
  readonly height: number;
  readonly half: number;
}

/** How much the column looks like a ribbon about each height: ink inside, paper just outside. */
function columnFits(light: Uint8Array, { x, width, height, half }: Column): Float64Array {
  const sums = new Int32Array(height + 1);
  for (let y = 0; y < height; y++) sums[y + 1] = (sums[y] ?? 0) + (light[y * width + x] ?? 0);
  const ink = (top: number, bottom: number) => {
    const upper = Math.max(0, Math.min(height, top));
    const lower = Math.max(0, Math.min(height, bottom));
    return (sums[lower] ?? 0) - (sums[upper] ?? 0);
  };
  return Float64Array.from({ length: height }, (_, y) => {
    const inside = (2 * ink(y - half, y + half + 1)) / (2 * half + 1) - 1;
    const beside = (ink(y - half - 6, y - half) + ink(y + half + 1, y + half + 7)) / 6;
    return inside - beside;
  });
}
