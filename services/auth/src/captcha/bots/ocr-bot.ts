import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { asGreymap, type Bitmap, closed, differing, half, letterPieces, majority, opened } from "./pixels.ts";
import { answerTo } from "./reading.ts";

const run = promisify(execFile);
const BATCH_TIMEOUT_MS = 600_000;

/** One way of cleaning a picture before the OCR sees it. */
export type Cleaning = (bitmap: Bitmap) => Bitmap;

/** From nothing at all to everything we could think of against our own picture. */
export const CLEANINGS: Readonly<Record<string, Cleaning>> = {
  untouched: (bitmap) => bitmap,
  "half size": half,
  "median 9": (bitmap) => majority(bitmap, 4),
  "median 17, half size": (bitmap) => half(majority(bitmap, 8)),
  "thin lines opened": (bitmap) => opened(bitmap, 6),
  "letter pieces": (bitmap) => letterPieces(bitmap, 400),
  "opened, letter pieces": (bitmap) => half(letterPieces(opened(bitmap, 6), 400)),
  "shadows undone (61)": (bitmap) => half(differing(bitmap, majority(bitmap, 30))),
  "shadows undone (61), median, pieces": (bitmap) =>
    half(letterPieces(majority(differing(bitmap, majority(bitmap, 30)), 4), 400)),
  "shadows undone (91), median, pieces": (bitmap) =>
    half(letterPieces(majority(differing(bitmap, majority(bitmap, 45)), 4), 400)),
  "shadows undone (opening)": (bitmap) => half(majority(differing(bitmap, shadows(bitmap)), 4)),
  "shadows undone (opening), lines opened": (bitmap) =>
    half(opened(majority(differing(bitmap, shadows(bitmap)), 3), 5)),
  "shadows undone (opening), lines opened, pieces": (bitmap) =>
    half(letterPieces(opened(majority(differing(bitmap, shadows(bitmap)), 3), 5), 300)),
};

/** What is left of a picture when everything as narrow as a letter's line is gone, of ink and of paper. */
function shadows(bitmap: Bitmap): Bitmap {
  const widest = 24;
  return closed(opened(closed(bitmap, widest / 2), widest), widest);
}

/** Whether tesseract with both languages is here; the text says how to get it. */
export async function missingTesseract(): Promise<string | undefined> {
  try {
    const { stdout } = await run("tesseract", ["--list-langs"], { timeout: 10_000 });
    if (/^eng$/m.test(stdout) && /^rus$/m.test(stdout)) return undefined;
  } catch {
    // Not installed: the sentence below says it all.
  }
  return "tesseract is missing: apt-get install tesseract-ocr tesseract-ocr-rus";
}

/**
 * Reads many pictures with few starts of tesseract; the answers are in the order of the pictures. It divides by zero on a
 * rare one and takes the others along: then each half is read by itself, and in the end that one is not read.
 */
export async function readAll(
  bitmaps: readonly Bitmap[],
  pageMode: 6 | 7 | 11 = 7,
): Promise<(number | undefined)[]> {
  try {
    return await readAtOnce(bitmaps, pageMode);
  } catch (error) {
    if ((error as { signal?: unknown }).signal !== "SIGFPE") throw error;
    if (bitmaps.length === 1) return [undefined];
    const middle = bitmaps.length >> 1;
    const first = await readAll(bitmaps.slice(0, middle), pageMode);
    return [...first, ...(await readAll(bitmaps.slice(middle), pageMode))];
  }
}

async function readAtOnce(bitmaps: readonly Bitmap[], pageMode: 6 | 7 | 11): Promise<(number | undefined)[]> {
  const folder = await mkdtemp(join(tmpdir(), "captcha-ocr-"));
  try {
    const files = bitmaps.map((_, index) => join(folder, `${index}.pgm`));
    await Promise.all(bitmaps.map((bitmap, index) => writeFile(files[index] ?? "", asGreymap(bitmap))));
    await writeFile(join(folder, "list.txt"), files.join("\n"));
    const { stdout } = await run(
      "tesseract",
      [join(folder, "list.txt"), "stdout", "-l", "rus+eng", "--psm", String(pageMode), "--dpi", "150"],
      {
        timeout: BATCH_TIMEOUT_MS,
        maxBuffer: 1 << 24,
        env: { PATH: "/usr/local/bin:/usr/bin:/bin", OMP_THREAD_LIMIT: "1" },
      },
    );
    const pages = stdout.split("\f");
    return bitmaps.map((_, index) => answerTo((pages[index] ?? "").replace(/\n+/g, " ").trim()));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
