/**
 * Lets the bots loose on freshly drawn captchas and prints how often each was right, as the tables of docs/captcha.md.
 * `node dist/captcha/bots/main.js [pictures a level] [level, or all] [seed]`; needs tesseract. Another seed draws others.
 */

import type { TaskLanguage } from "../number-words.ts";
import { drawDisturbed, drawPicture, PLAIN, pngOf, svgOf } from "../picture/picture.ts";
import { KeyedRandomness } from "../randomness.ts";
import { type Level, makeTask, type Task } from "../tasks.ts";
import { CLEANINGS, missingTesseract, readAll } from "./ocr-bot.ts";
import { type Bitmap, decode } from "./pixels.ts";
import { answerTo } from "./reading.ts";
import { readByTemplates } from "./template-bot.ts";
import { textOf } from "./text-bot.ts";

const LEVELS: readonly Level[] = [1, 2, 3];
const PAGE_MODES = [6, 7] as const;

interface Choice {
  readonly seed: string;
  readonly plain: boolean;
}

interface Specimen {
  readonly language: TaskLanguage;
  readonly task: Task;
  readonly svg: string;
  readonly bitmap: Bitmap;
}

async function specimens(level: Level, count: number, { seed, plain }: Choice): Promise<Specimen[]> {
  const drawn: Specimen[] = [];
  for (let index = 0; index < count; index++) {
    const chance = new KeyedRandomness(Buffer.from(seed), `${level}/${index}`);
    const language = index % 2 === 0 ? "ru" : "en";
    const task = makeTask(chance, { level, language });
    const picture = plain ? drawDisturbed(chance, task.parts, PLAIN) : drawPicture(chance, task.parts, level);
    drawn.push({ task, language, svg: svgOf(picture), bitmap: decode(await pngOf(picture)) });
  }
  return drawn;
}

function rightByTemplates(some: readonly Specimen[], level: Level, elastic: boolean): number {
  return some.filter(
    ({ task, language, bitmap }) => readByTemplates(bitmap, { level, language, elastic }) === task.answer,
  ).length;
}

function share(right: number, of: number): string {
  return `${((100 * right) / of).toFixed(1)} %`;
}

async function ocr(set: readonly Specimen[], label: string): Promise<void> {
  const rightOnce = new Set<Specimen>();
  for (const [name, clean] of Object.entries(CLEANINGS)) {
    const cleaned = set.map(({ bitmap }) => clean(bitmap));
    const cells: string[] = [];
    for (const mode of PAGE_MODES) {
      const answers = await readAll(cleaned, mode);
      const right = set.filter(({ task }, index) => answers[index] === task.answer);
      for (const specimen of right) rightOnce.add(specimen);
      cells.push(share(right.length, set.length));
    }
    console.log(`| ${label} | ${name} | ${cells.join(" | ")} |`);
  }
  console.log(`| ${label} | right by any of these | ${share(rightOnce.size, set.length)} | |`);
}

async function run(level: Level, count: number, seed: string): Promise<void> {
  const missing = await missingTesseract();
  const set = await specimens(level, count, { seed, plain: false });
  const control = await specimens(level, Math.min(count, 10), { seed, plain: true });
  const text = set.filter(({ task, svg }) => answerTo(textOf(svg)) === task.answer).length;
  console.log(`| level ${level} | text in the SVG | ${share(text, count)} |`);
  for (const elastic of [false, true]) {
    const kind = elastic ? "templates in bands" : "templates";
    const cells = [set, control].map((some) => share(rightByTemplates(some, level, elastic), some.length));
    console.log(`| level ${level} | ${kind} | ${cells.join(" | undisturbed: ")} |`);
  }
  if (missing !== undefined) return console.log(missing);
  await ocr(set, `level ${level}`);
  await ocr(control, `level ${level}, undisturbed`);
}

const [count = "100", only = "all", seed = "specimens"] = process.argv.slice(2);
for (const level of LEVELS)
  if (only === "all" || only === String(level)) await run(level, Number(count), seed);
