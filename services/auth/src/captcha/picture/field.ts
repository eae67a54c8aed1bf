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

  /** Turns ink to paper and paper to ink wherever `inside` is negative. */
  invert(inside: (x: number, y: number) => number): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const ink = this.at(x, y);
        const mask = inside(x, y);
        const nearest = Math.min(Math.abs(ink), Math.abs(mask));
        this.#values[y * this.width + x] = ink < 0 === mask < 0 ? nearest : -nearest;
      }
    }
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
        const distance = Math.hypot(x - from.x - along * dx, y - from.y - along * dy) - radius;
        const place = y * this.width + x;
        if (distance < (this.#values[place] ?? FAR)) this.#values[place] = distance;
      }
    }
  }
}

/** Farther than any edge needs to be known. */
const FAR = 4;
const MARGIN = 3;
