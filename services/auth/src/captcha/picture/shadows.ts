import { type Randomness, spread } from "../randomness.ts";
import type { Sheet } from "./lettering.ts";

/**
 * Large shadows that lie over the sheet: how far each grid point is from the border of one, negative inside. A sum of
 * waves, so they have no middle line to follow, and a letter is mostly crossed by one border, seldom by two.
 */
export function shadows(chance: Randomness, { width, height }: Sheet): (x: number, y: number) => number {
  const waves = Array.from({ length: 3 }, () => {
    const direction = spread(chance, 0, Math.PI);
    const rate = (2 * Math.PI) / spread(chance, 120, 210);
    const [along, down] = [Math.cos(direction) * rate, Math.sin(direction) * rate];
    return { along, down, x: turns(width, along, spread(chance, 0, 2 * Math.PI)), y: turns(height, down, 0) };
  });
  return (x, y) => {
    let level = 0;
    let slopeAlong = 0;
    let slopeDown = 0;
    for (const wave of waves) {
      const [sinX, cosX] = [wave.x.sin[x] ?? 0, wave.x.cos[x] ?? 0];
      const [sinY, cosY] = [wave.y.sin[y] ?? 0, wave.y.cos[y] ?? 0];
      const slope = cosX * cosY - sinX * sinY;
      level += sinX * cosY + cosX * sinY;
      slopeAlong += slope * wave.along;
      slopeDown += slope * wave.down;
    }
    return level / Math.max(0.005, Math.sqrt(slopeAlong * slopeAlong + slopeDown * slopeDown));
  };
}

/** Sine and cosine at each step of one side, so that the sheet's many points need none of their own. */
function turns(steps: number, rate: number, phase: number) {
  const angles = Float64Array.from({ length: steps }, (_, step) => step * rate + phase);
  return { sin: angles.map(Math.sin), cos: angles.map(Math.cos) };
}
