import { inflateSync } from "node:zlib";

/** What an attacker works on: 1 is light, 0 is dark. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly light: Uint8Array;
}

const FIRST_CHUNK = 8;

/** Reads the captcha's own PNG form (four bits a pixel, no filters): an attacker knows it as well as we do. */
export function decode(png: Buffer): Bitmap {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const parts: Buffer[] = [];
  for (let at = FIRST_CHUNK; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("ascii", at + 4, at + 8) === "IDAT")
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const rows = inflateSync(Buffer.concat(parts));
  const rowBytes = 1 + Math.ceil(width / 2);
  const light = new Uint8Array(width * height);
  for (let place = 0; place < light.length; place++) {
    const x = place % width;
    const pair = rows[Math.floor(place / width) * rowBytes + 1 + (x >> 1)] ?? 0;
    light[place] = (x % 2 === 0 ? pair >> 4 : pair & 15) > 7 ? 1 : 0;
  }
  return { width, height, light };
}

/** A portable greymap, which tesseract reads: dark letters on light, as it likes them. */
export function asGreymap({ width, height, light }: Bitmap): Buffer {
  return Buffer.concat([
    Buffer.from(`P5 ${width} ${height} 255\n`),
    light.map((value) => (value === 1 ? 0 : 255)),
  ]);
}

/** Each pixel becomes light when at least `share` of the square of `2 · reach + 1` around it is. */
export function majority(bitmap: Bitmap, reach: number, share = 0.5): Bitmap {
  const { width, height } = bitmap;
  const sums = integral(bitmap);
  const light = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - reach);
    const bottom = Math.min(height, y + reach + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - reach);
      const right = Math.min(width, x + reach + 1);
      const at = (row: number, column: number) => sums[row * (width + 1) + column] ?? 0;
      const count = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
      light[y * width + x] = count >= share * (bottom - top) * (right - left) ? 1 : 0;
    }
  }
  return { width, height, light };
}

/** Removes whatever is narrower than `2 · reach + 1`. */
export function opened(bitmap: Bitmap, reach: number): Bitmap {
  return majority(majority(bitmap, reach, 1), reach, 1e-9);
}

/** Fills whatever is narrower than `2 · reach + 1`. */
export function closed(bitmap: Bitmap, reach: number): Bitmap {
  return majority(majority(bitmap, reach, 1e-9), reach, 1);
}

export function differing(one: Bitmap, other: Bitmap): Bitmap {
  return { ...one, light: one.light.map((value, place) => value ^ (other.light[place] ?? 0)) };
}

export function half({ width, height, light }: Bitmap): Bitmap {
  const small = { width: width >> 1, height: height >> 1 };
  const kept = new Uint8Array(small.width * small.height);
  for (let place = 0; place < kept.length; place++) {
    const x = place % small.width;
    kept[place] = light[Math.floor(place / small.width) * 2 * width + x * 2] ?? 0;
  }
  return { ...small, light: kept };
}

/** Keeps only connected pieces that could be letters: not tiny, not touching the left or right edge. */
export function letterPieces(bitmap: Bitmap, leastPixels: number): Bitmap {
  const { width, height, light } = bitmap;
  const seen = new Uint8Array(light.length);
  const kept = new Uint8Array(light.length);
  for (let start = 0; start < light.length; start++) {
    if (light[start] !== 1 || seen[start] === 1) continue;
    const piece = flood(bitmap, seen, start);
    const touches = piece.some((place) => place % width === 0 || place % width === width - 1);
    if (!touches && piece.length >= leastPixels) for (const place of piece) kept[place] = 1;
  }
  return { width, height, light: kept };
}

function flood({ width, light }: Bitmap, seen: Uint8Array, start: number): number[] {
  const piece = [start];
  seen[start] = 1;
  for (let at = 0; at < piece.length; at++) {
    const place = piece[at] ?? 0;
    for (const neighbour of [place - 1, place + 1, place - width, place + width]) {
      if (light[neighbour] !== 1 || seen[neighbour] === 1) continue;
      seen[neighbour] = 1;
      piece.push(neighbour);
    }
  }
  return piece;
}

function integral({ width, height, light }: Bitmap): Uint32Array {
  const sums = new Uint32Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += light[y * width + x] ?? 0;
      sums[(y + 1) * (width + 1) + x + 1] = (sums[y * (width + 1) + x + 1] ?? 0) + row;
    }
  }
  return sums;
}
