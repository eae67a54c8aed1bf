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

  /** Draws with a pen whose line is thinner along its nib; strokes drawn before and after are one ink. */
  draw(stroke: Stroke, { width, nib = 0, contrast = 0 }: Pen): void {
    for (let index = 1; index < stroke.length; index++) {
      const from = stroke[index - 1];
      const to = stroke[index];
      if (from === undefined || to === undefined) continue;
      const along = Math.abs(Math.cos(Math.atan2(to.y - from.y, to.x - from.x) - nib));
      this.#segment(from, to, (width / 2) * (1 - contrast * along));
    }
  }

  /** Leaves only a wall along the edge of the ink. */
  hollowed(wall: number): this {
    for (let place = 0; place < this.#values.length; place++) {
      const value = this.#values[place] ?? FAR;
      if (value < -wall / 2) this.#values[place] = -wall - value;
    }
    return this;
  }

  /** Lays another picture over this one: where both have ink there is paper, so what lies above hides nothing. */
  overlay(other: Field, left: number, top: number): void {
    for (let y = Math.max(0, -top); y < other.height && y + top < this.height; y++) {
      for (let x = Math.max(0, -left); x < other.width && x + left < this.width; x++) {
        const place = (y + top) * this.width + x + left;
        const below = this.#values[place] ?? FAR;
        const above = other.#values[y * other.width + x] ?? FAR;
        const far = Math.min(Math.abs(below), Math.abs(above));
        this.#values[place] = below < 0 === above < 0 ? far : -far;
      }
    }
  }

  /** Where `far` is negative, ink and paper change places; `far` tells how far the border is. */
  exchange(far: (x: number, y: number) => number): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const place = y * this.width + x;
        const ink = this.#values[place] ?? FAR;
        const border = far(x, y);
        const nearest = Math.min(Math.abs(ink), Math.abs(border));
        this.#values[place] = ink < 0 === border < 0 ? nearest : -nearest;
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

export interface Pen {
  readonly width: number;
  /** The direction in which the line is thinnest, in radians, and by what share it is thinner there. */
  readonly nib?: number;
  readonly contrast?: number;
}

/** Farther than any edge needs to be known. */
const FAR = 4;
const MARGIN = 3;
