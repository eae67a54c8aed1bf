import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS = 4;
/** How many steps there are from paper to ink. */
export const SHADES = 2 ** BITS;

const PALETTE_COLOUR = 3;
const deflated = promisify(deflate);

/** Red, green and blue, 0–255. */
export type Colour = readonly [number, number, number];

export interface Shading {
  readonly width: number;
  readonly height: number;
  /** From 0 (paper) to 15 (ink). */
  readonly shadeAt: (x: number, y: number) => number;
}

/** A picture of sixteen shades between two colours, as a PNG (RFC 2083) with four bits a pixel. */
export async function encodePng(
  { width, height, shadeAt }: Shading,
  paper: Colour,
  ink: Colour,
): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BITS, PALETTE_COLOUR, 0, 0, 0], 8);
  const palette = Buffer.from(
    Array.from({ length: SHADES }, (_, shade) => blend(paper, ink, shade / (SHADES - 1))).flat(),
  );
  const pixels = await deflated(packRows({ width, height, shadeAt }));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", palette),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Two pixels a byte, each row led by its filter (0: none). */
function packRows({ width, height, shadeAt }: Shading): Buffer {
  const rowBytes = 1 + Math.ceil(width / 2);
  const rows = Buffer.alloc(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = y * rowBytes + 1 + (x >> 1);
      const shade = shadeAt(x, y) << (x % 2 === 0 ? BITS : 0);
      rows[place] = (rows[place] ?? 0) | shade;
    }
  }
  return rows;
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), framed.length - 4);
  return framed;
}

function blend(from: Colour, to: Colour, share: number): number[] {
  return from.map((value, index) => Math.round(value + ((to[index] ?? 0) - value) * share));
}
