import type { Point, Stroke } from "./pen.ts";

/**
 * Ink as a distance field: at each point of a coarse grid, how far the nearest edge is, negative
 * inside the ink. Both forms of the picture are read from it, so the SVG says nothing that the PNG
 * does not: no glyph is an element of its own, none has an order or a number of points.
 */
export class Field {
  readonly width: number;
  readonly height: number;
  readonly #values: Float32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#values = new Float32Array(width * height).fill(FAR);
  }

  /** Outside the grid there is paper. */
  at(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return FAR;
    return this.#values[y * this.width + x] ?? FAR;
  }

  /** The value between grid points, so that the picture can be finer than the grid. */
  between(x: number, y: number): number {
    const left = Math.floor(x);
    const top = Math.floor(y);
    const along = x - left;
    const upper = this.at(left, top) * (1 - along) + this.at(left + 1, top) * along;
    const lower = this.at(left, top + 1) * (1 - along) + this.at(left + 1, top + 1) * along;
    return upper + (lower - upper) * (y - top);
  }

  /** Draws with a round pen. */
  draw(stroke: Stroke, penWidth: number): void {
    for (let index = 1; index < stroke.length; index++) {
      const from = stroke[index - 1];
      const to = stroke[index];
      if (from !== undefined && to !== undefined) this.#segment(from, to, penWidth / 2);
    }
  }

  /**
   * What is seen of this through wavy panes of glass that lie across it: under each, ink and paper change places and
   * everything stands a little aside. Under two, it is as it was, but further aside.
   */
  seenThrough(panes: readonly Pane[]): Field {
    const seen = new Field(this.width, this.height);
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        let nearest = FAR;
        let aside = 0;
        let negative = false;
        for (const { centre, half, shift } of panes) {
          const inside = Math.abs(y - (centre[x] ?? 0)) - half;
          nearest = Math.min(nearest, Math.abs(inside));
          if (inside >= 0) continue;
          aside += shift;
          negative = !negative;
        }
        const ink = this.at(x + aside, y);
        const far = Math.min(Math.abs(ink), nearest);
        seen.#values[y * this.width + x] = ink < 0 === negative ? far : -far;
      }
    }
    return seen;
  }

  #segment(from: Point, to: Point, radius: number): void {
    const reach = radius + MARGIN;
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach));
    const right = Math.min(this.width - 1, Math.ceil(Math.max(from.x, to.x) + reach));
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(from.y, to.y) + reach));
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const squared = dx * dx + dy * dy || 1;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const along = Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / squared));
        const offX = x - from.x - along * dx;
        const offY = y - from.y - along * dy;
        // Not Math.hypot: its care for overflow costs more than everything else here.
        const distance = Math.sqrt(offX * offX + offY * offY) - radius;
        const place = y * this.width + x;
        if (distance < (this.#values[place] ?? FAR)) this.#values[place] = distance;
      }
    }
  }
}

/** A ribbon from edge to edge. All in grid steps. */
export interface Pane {
  /** Its height over each column. */
  readonly centre: Float32Array;
  readonly half: number;
  /** How far aside things stand under it; a whole number. */
  readonly shift: number;
}

/** Farther than any edge needs to be known. */
const FAR = 4;
const MARGIN = 3;
