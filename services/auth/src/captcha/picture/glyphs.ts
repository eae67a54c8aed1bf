/**
 * Our own letters: centre lines of a pen, 100 units from top (0) to foot (100), drawn by hand for
 * this captcha, so no font is shipped and none can be matched against.
 *
 * The notation is that of SVG paths with M, L, Q and C in absolute coordinates. Several shapes of
 * one glyph are drawn by turns: a person knows them all, a template needs each of them. A seven always
 * has a bar and a one at most a short flag, so that neither is taken for the other; a one has no foot, so that it is not
 * taken for a two; a three is round at the top, where a five is straight.
 */
const GLYPHS: Readonly<Record<string, readonly string[]>> = {
  "0": [
    "M32 2 C-4 2 -4 98 32 98 C68 98 68 2 32 2",
    "M34 2 C10 2 2 30 2 52 C2 80 14 98 32 98 C54 98 62 76 62 48 C62 22 54 2 34 2",
    "M30 4 C4 6 2 14 2 50 C2 92 8 98 34 97 C60 96 64 90 63 48 C62 8 56 2 26 4",
  ],
  "1": ["M16 20 L31 2 L31 98", "M18 22 Q26 16 32 2 L30 98", "M31 2 L31 98"],
  "2": [
    "M4 24 C6 -6 58 -6 58 26 C58 50 22 68 4 98 L62 98",
    "M4 20 C14 -4 56 -4 56 26 C56 52 30 74 2 97 Q32 88 62 98",
    "M6 16 Q30 -10 52 12 Q62 34 4 97 L60 96",
  ],
  "3": [
    "M4 14 C20 -6 58 -2 56 26 C55 42 40 46 24 46 C44 46 60 54 60 72 C60 102 16 104 2 86",
    "M8 20 C10 -4 54 -4 52 24 C51 44 34 47 20 47 C48 47 62 56 60 76 C58 102 12 104 4 78",
  ],
  "4": [
    "M46 98 L46 2 L2 70 L66 70",
    "M16 4 L6 62 L62 62 M46 26 L46 98",
    "M10 4 Q12 40 4 58 Q36 50 66 58 M50 20 L44 98",
    "M40 2 Q20 50 2 62 L66 66 M48 38 Q46 70 50 98",
  ],
  "5": [
    "M56 3 L12 3 L8 46 C24 32 62 38 60 68 C58 102 16 104 2 86",
    "M58 4 L10 4 L10 44 C36 36 60 44 60 70 C60 94 34 102 4 96",
    "M60 2 L12 6 L6 44 C26 40 64 44 60 70 C56 100 18 102 2 92",
  ],
  "6": [
    "M46 4 C20 12 2 44 4 70 C6 106 62 108 62 70 C62 36 14 34 5 64",
    "M44 2 C28 20 2 46 4 72 C8 106 60 106 60 70 C60 40 20 40 8 58",
    "M22 2 L5 66 C2 108 60 108 60 72 C60 42 18 42 6 66",
  ],
  "7": ["M0 4 L64 3 L26 98 M14 50 L60 52", "M0 18 L2 3 L64 4 Q36 44 28 98 M12 56 L62 50"],
  "8": [
    "M32 48 C-2 42 4 2 32 2 C60 2 66 42 32 48 C-6 54 -4 98 32 98 C68 98 70 54 32 48",
    "M56 14 C44 -6 6 -2 8 24 C10 48 60 48 60 74 C60 104 4 106 4 74 C4 50 58 42 56 14",
    "M8 10 C20 40 60 50 58 76 C56 104 6 106 6 78 C6 52 52 40 54 16 C52 -6 12 -2 10 14",
  ],
  "9": [
    "M12 94 C44 92 62 60 60 32 C58 -6 2 -8 2 32 C2 64 50 66 59 38",
    "M56 38 C48 66 4 60 4 30 C4 -8 58 -8 60 28 L52 98",
    "M58 28 C54 -4 6 0 6 30 C6 60 54 60 58 26 C62 70 60 104 14 92",
  ],
  "+": ["M34 18 L34 82 M2 50 L66 50"],
  "−": ["M2 50 L62 50"],
  "×": ["M6 22 L60 78 M60 22 L6 78"],
  // Cyrillic; what looks the same in Latin is below, once.
  в: ["M6 2 L6 98 M6 2 C64 -2 64 46 8 47 C76 46 74 100 6 98"],
  д: ["M0 116 L4 96 L70 96 L72 116 M14 96 Q28 60 28 4 L58 4 L58 96"],
  и: ["M6 2 L6 98 L58 2 L58 98"],
  л: ["M0 96 C22 96 20 40 22 4 L58 4 L58 98"],
  п: ["M6 98 L6 3 L58 3 L58 98"],
  у: ["M2 2 L32 60 M60 2 L30 70 C24 92 16 98 4 96"],
  ч: ["M4 2 C2 46 12 54 54 50 M56 2 L56 98"],
  ш: ["M4 2 L4 97 L80 97 L80 2 M42 2 L42 97"],
  ь: ["M6 2 L6 98 C72 104 70 40 8 46"],
  ы: ["M6 2 L6 98 C60 104 58 42 8 46 M70 2 L70 98"],
  ю: ["M4 2 L4 98 M4 50 L26 50 M56 2 C16 2 16 98 56 98 C96 98 96 2 56 2"],
  я: ["M56 98 L56 2 C-6 -2 -6 52 54 50 M32 50 L2 98"],
  // Latin, and the Cyrillic letters of the same shape.
  а: ["M0 98 L32 2 L64 98 M12 66 L52 66"],
  e: [
    "M56 3 L6 3 L6 97 L58 97 M6 48 L48 48",
    "M54 10 C24 -6 4 10 8 28 C12 46 30 46 42 46 C12 46 2 62 4 76 C8 104 46 102 58 88",
  ],
  f: ["M58 3 L8 3 L8 98 M8 48 L48 48"],
  g: ["M58 18 C40 -8 4 0 4 50 C4 104 60 104 60 56 L36 56"],
  h: ["M6 2 L6 98 M58 2 L58 98 M6 50 L58 50"],
  i: ["M26 2 L26 98", "M26 2 L26 98 M8 3 L44 3 M8 98 L44 98"],
  l: ["M8 2 L8 97 L56 97"],
  m: ["M4 98 L8 2 L40 64 L72 2 L76 98"],
  n: ["M6 98 L6 2 L58 98 L58 2"],
  o: ["M34 2 C-8 2 -8 98 34 98 C76 98 76 2 34 2"],
  p: ["M8 98 L8 2 C72 -4 72 58 10 54"],
  r: ["M8 98 L8 2 C70 -4 70 52 10 50 M30 52 L60 98"],
  s: ["M58 16 C46 -6 4 -2 6 24 C8 48 60 46 60 72 C60 104 12 104 2 82"],
  t: ["M2 3 L66 3 M34 3 L34 98"],
  u: ["M6 2 L6 60 C6 110 60 110 60 60 L60 2"],
  v: ["M2 2 L32 98 L62 2"],
  w: ["M0 2 L20 98 L42 24 L64 98 L84 2"],
  x: ["M4 2 L60 98 M60 2 L4 98"],
  z: ["M4 3 L60 3 L4 97 L62 97"],
  с: ["M58 16 C40 -8 4 0 4 50 C4 100 40 108 58 82"],
};

const SAME_SHAPE: Readonly<Record<string, string>> = {
  е: "e",
  м: "m",
  н: "h",
  о: "o",
  р: "p",
  т: "t",
};

/** The shapes of a character; throws for one that we cannot draw. */
export function shapesOf(character: string): readonly string[] {
  const shapes = GLYPHS[SAME_SHAPE[character] ?? character];
  if (shapes === undefined) throw new RangeError(`No glyph for ${JSON.stringify(character)}`);
  return shapes;
}
