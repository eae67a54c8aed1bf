/**
 * Lets the bots loose on fresh captchas, played by the service's own rules, and prints how often each was right: of its
 * answers, and of challenges. `node dist/captcha/bots/main.js [challenges a level] [level, or all] [seed] [bot, or all]`
 * needs redis-server, and tesseract for the bots that read with it. Another seed draws other sums.
 */

import { startRedis } from "@kinopass/testing";
import { Redis } from "ioredis";
import { drawDisturbed, PLAIN, pngOf, svgOf } from "../picture/picture.ts";
import { KeyedRandomness } from "../randomness.ts";
import { RedisChallenges } from "../redis-challenges.ts";
import { type Level, makeTask } from "../tasks.ts";
import { CLEANINGS, missingTesseract, readAll } from "./ocr-bot.ts";
import { decode } from "./pixels.ts";
import { type Played, play, policyOf, type Reader, type Sheet } from "./playing.ts";
import { answerTo } from "./reading.ts";
import { readByTemplates } from "./template-bot.ts";
import { textOf } from "./text-bot.ts";

const LEVELS: readonly Level[] = [1, 2, 3];
const PAGE_MODES = [6, 7] as const;
/** Sums without bending, curves and shadows: they show that a bot can read at all. */
const CONTROLS = 10;

const BOTS: Readonly<Record<string, (level: Level) => Reader>> = {
  text: () => async (sheets) => sheets.map(({ svg }) => [answerTo(textOf(svg))]),
  tesseract: () => byOcr,
  templates: (level) => async (sheets) => sheets.map((sheet) => [byTemplates(sheet, level, false)]),
  bands: (level) => async (sheets) => sheets.map((sheet) => [byTemplates(sheet, level, true)]),
};

function byTemplates({ bitmap, language }: Sheet, level: Level, elastic: boolean): number | undefined {
  return readByTemplates(bitmap, { level, language, elastic });
}

/** By every cleaning in both page modes. */
async function byOcr(sheets: readonly Sheet[]): Promise<(number | undefined)[][]> {
  const readings: (number | undefined)[][] = sheets.map(() => []);
  for (const clean of Object.values(CLEANINGS)) {
    const cleaned = sheets.map(({ bitmap }) => clean(bitmap));
    for (const mode of PAGE_MODES) {
      const answers = await readAll(cleaned, mode);
      for (const [index, answer] of answers.entries()) readings[index]?.push(answer);
    }
  }
  return readings;
}

async function controlOf(reader: Reader, level: Level, seed: string): Promise<number> {
  const answers: number[] = [];
  const sheets: Sheet[] = [];
  for (let index = 0; index < CONTROLS; index++) {
    const chance = new KeyedRandomness(Buffer.from(seed), `control ${level}/${index}`);
    const language = index % 2 === 0 ? "ru" : "en";
    const { answer, parts } = makeTask(chance, { level, language });
    const picture = drawDisturbed(chance, parts, PLAIN);
    answers.push(answer);
    sheets.push({ language, svg: svgOf(picture), bitmap: decode(await pngOf(picture)) });
  }
  const readings = await reader(sheets);
  return answers.filter((answer, index) => readings[index]?.includes(answer)).length;
}

function told({ answers, rightAnswers, challenges, passes }: Played): string {
  return `${part(rightAnswers, answers)} of answers | ${part(passes, challenges)} of challenges`;
}

function part(some: number, of: number): string {
  return `${some} of ${of} (${((100 * some) / of).toFixed(1)} %)`;
}

async function main([
  count = "100",
  only = "all",
  seed = "specimens",
  bot = "all",
]: readonly string[]): Promise<void> {
  const ends: (() => unknown)[] = [];
  const server = await startRedis({ after: (end: () => unknown) => ends.push(end) } as never);
  const redis = new Redis(server.url);
  const missing = await missingTesseract();
  if (missing !== undefined) console.log(missing);
  try {
    for (const level of LEVELS.filter((each) => only === "all" || only === String(each))) {
      const store = new RedisChallenges({ redis, policy: policyOf(level), deadlineMs: 60_000 });
      for (const [name, made] of Object.entries(BOTS)) {
        if ((bot !== "all" && bot !== name) || (name === "tesseract" && missing !== undefined)) continue;
        const reader = made(level);
        const played = await play(reader, { store, count: Number(count), seed: `${seed} ${name} ${level}` });
        const control =
          name === "text" ? "" : ` | undisturbed: ${await controlOf(reader, level, seed)} of ${CONTROLS}`;
        console.log(`| ${name} | level ${level} | ${told(played)}${control} |`);
      }
    }
  } finally {
    redis.disconnect();
    for (const end of ends) await end();
  }
}

await main(process.argv.slice(2));
