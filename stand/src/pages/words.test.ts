/** Viewers' texts are Russian and English: what a page says in one it says in the other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8");
const PAGES = [
  "tv-start.js",
  "tv-api.js",
  "tv-pairing.js",
  "tv-sign-up.js",
  "tv-films.js",
  "phone-page.js",
  "pair.js",
  "letter.js",
];
const RUSSIAN = new Map(
  [...read("words.js").matchAll(/^ {2}(?:"([^"]+)"|(\w+)):\s+"([^"]+)",$/gm)].map(
    ([, quoted, bare, russian]) => [quoted ?? bare ?? "", russian ?? ""],
  ),
);

test("every text of the TV and of the phone beside it is there in Russian", () => {
  const says = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\bt\(\s*"([^"]+)",?\s*\)/g)].map(([, text]) => text ?? ""),
  );
  says.push(...[...read("tv.html").matchAll(/data-says>([^<]+)</g)].map(([, text]) => text ?? ""));
  assert.ok(says.length > 60, `${says.length} texts were found`);
  for (const text of says) assert.match(RUSSIAN.get(text) ?? "", /[А-яЁё]|QR/, text);
});

test("no text is left that no page says", () => {
  const said = PAGES.map(read).join("\n") + read("tv.html");
  for (const english of RUSSIAN.keys())
    assert.ok(said.includes(`"${english}"`) || said.includes(`>${english}<`), english);
});
