import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, inflateSync } from "node:zlib";
import { decode } from "../bots/pixels.ts";
import { KeyedRandomness } from "../randomness.ts";
import { drawPicture, PICTURE_HEIGHT, PICTURE_WIDTH, pngOf, svgOf } from "./picture.ts";

const chance = (label: string) => new KeyedRandomness(Buffer.from("picture"), label);
const picture = (label = "a") => drawPicture(chance(label), ["семь", "+", "5", "×", "2"], 3);

test("the same chance draws the same picture, another a different one", async () => {
  assert.equal(svgOf(picture()), svgOf(picture()));
  assert.deepEqual(await pngOf(picture()), await pngOf(picture()));
  assert.notEqual(svgOf(picture("a")), svgOf(picture("b")));
});

test("the SVG is two paths of numbers: no text, no element for a glyph, nothing to run or to load", () => {
  const svg = svgOf(picture());
  const [paper = "", ink = "", rest] = [...svg.matchAll(/<path [^>]*d="([^"]*)"\/>/g)].map(([, d]) => d);
  assert.equal(rest, undefined);
  assert.equal(
    svg.replace(/ d="[^"]*"/g, ""),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 440"><path fill="rgb(14,17,22)"/><path fill="rgb(255,255,255)" fill-rule="evenodd"/></svg>`,
  );
  assert.ok(
    /^[MHVZ0-9 ]+$/.test(paper) && /^[MLZ0-9 -]+$/.test(ink),
    "outlines are commands and whole numbers",
  );
  assert.ok(svg.length < 20_000, `${svg.length} characters`);
});

test("outlines do not follow the letters: shadows cut and join them, and equal digits differ", () => {
  const loops = (label: string) =>
    svgOf(drawPicture(chance(label), ["44", "+", "4"], 1))
      .split("M")
      .slice(3);
  const counts = Array.from({ length: 60 }, (_, index) => loops(`sum ${index}`).length);
  const named = counts.filter((count) => count <= 4).length;
  assert.ok(named <= 12, `in ${named} of 60 a loop for each glyph would name them`);
  assert.notDeepEqual(
    loops("x").map((loop) => loop.length),
    loops("y").map((loop) => loop.length),
  );
});

test("the SVG and the PNG show the same ink", async () => {
  const drawn = picture();
  const { light, width, height } = decode(await pngOf(drawn));
  assert.deepEqual([width, height], [PICTURE_WIDTH, PICTURE_HEIGHT]);
  const path = /evenodd" d="([^"]+)"/.exec(svgOf(drawn))?.[1] ?? "";
  const loops = path
    .split("M")
    .slice(1)
    .map((loop) =>
      loop
        .replace("Z", "")
        .split("L")
        .map((point) => point.split(" ").map(Number)),
    );
  let differing = 0;
  let compared = 0;
  for (let y = 5; y < height; y += 10) {
    for (let x = 5; x < width; x += 10) {
      compared += 1;
      // A grid point lies in the middle of a pixel of its own: half a step to the side.
      if (insideOdd(loops, x - 0.75, y - 0.75) !== (light[y * width + x] === 1)) differing += 1;
    }
  }
  assert.ok(differing / compared < 0.02, `${differing} of ${compared}`);
});

test("the PNG is well formed: chunks in order, each with its checksum, and one row of filter 0 a line", async () => {
  const png = await pngOf(picture());
  assert.equal(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const typed = png.subarray(at + 4, at + 8 + length);
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(typed));
    chunks.set(typed.toString("ascii", 0, 4), typed.subarray(4));
    at += length + 12;
  }
  assert.deepEqual([...chunks.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
  assert.deepEqual([...(chunks.get("IHDR") ?? [])], [0, 0, 4, 176, 0, 0, 1, 184, 4, 3, 0, 0, 0]);
  assert.equal(chunks.get("PLTE")?.length, 16 * 3);
  const rows = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  const rowBytes = 1 + PICTURE_WIDTH / 2;
  assert.equal(rows.length, rowBytes * PICTURE_HEIGHT);
  for (let at = 0; at < rows.length; at += rowBytes) assert.equal(rows[at], 0);
});

test("paper and ink differ by more than the highest level of contrast asks", () => {
  const [paper, ink] = [...svgOf(picture()).matchAll(/rgb\(([\d,]+)\)/g)].map(([, rgb = ""]) =>
    luminance(rgb.split(",").map(Number)),
  );
  assert.ok(((ink ?? 0) + 0.05) / ((paper ?? 1) + 0.05) >= 7);
});

/** WCAG 2.2, relative luminance. */
function luminance(rgb: readonly number[]): number {
  const linear = rgb.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

function insideOdd(loops: readonly (readonly number[][])[], x: number, y: number): boolean {
  let inside = false;
  for (const loop of loops) {
    for (const [index, [x1 = 0, y1 = 0]] of loop.entries()) {
      const [x2 = 0, y2 = 0] = loop[(index + 1) % loop.length] ?? [];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
    }
  }
  return inside;
}
