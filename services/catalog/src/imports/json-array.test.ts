import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonArraySplitter } from "./json-array.ts";

function split(text: string, pieceLength = text.length || 1) {
  const splitter = new JsonArraySplitter();
  const entries = [];
  for (let at = 0; at < text.length; at += pieceLength)
    entries.push(...splitter.push(text.slice(at, at + pieceLength)));
  splitter.finish();
  return entries;
}

const VALUES = [
  { a: 1, nested: [{ b: "]},{[" }, []], quote: 'x"\\"y\\', "k,": "é🎬" },
  { line: "two\nlines" },
  "text, with [signs]",
  -1.5e3,
  null,
  [],
];

test("wherever the text is cut, the entries are the same", () => {
  const text = ` \n${JSON.stringify(VALUES, null, 2)}\n `;
  for (let length = 1; length <= 40; length += 1) {
    assert.deepEqual(
      split(text, length).map((entry) => JSON.parse(entry.text ?? "")),
      VALUES,
      `pieces of ${length}`,
    );
  }
});

test("entries know their number and the line they begin in", () => {
  const places = split('[\n{"a":1},\n\n  {"b":\n2}, 3]').map(({ number, line }) => [number, line]);
  assert.deepEqual(places, [
    [1, 2],
    [2, 4],
    [3, 5],
  ]);
});

test("an empty array has no entries", () => {
  assert.deepEqual(split("[]"), []);
  assert.deepEqual(split(" [ \n ] "), []);
});

test("a broken entry is an entry all the same, so that the next one is found", () => {
  const texts = split('[{"a" 1}, {"b": 2}, nonsense, , {"c": 3}]').map(({ text }) => text?.trim());
  assert.deepEqual(texts, ['{"a" 1}', '{"b": 2}', "nonsense", "", '{"c": 3}']);
});

test("an entry larger than 64 KiB is not kept in memory, and the next one is found", () => {
  const [large, next] = split(`[{"a":"${"x".repeat(70_000)}"},{"b":1}]`, 1000);
  assert.deepEqual([large?.text, next?.text], [undefined, '{"b":1}']);
});

test("a text that is no array, or ends too early or too late, is refused with the place", () => {
  for (const [text, reason] of [
    ["", /empty/],
    ["  \n", /empty/],
    ['{"films": []}', /line 1: a JSON array/],
    ["[1, 2", /middle of record 2/],
    ['[\n{"a": 1},\n{"b": [1}', /middle of record 2, which begins in line 3/],
    ['[{"a": "unclosed}]', /middle of record 1/],
    ["[1]\n[2]", /line 2: text follows/],
    ["[1,\n]", /line 2: the array ends after a comma/],
  ] as const) {
    assert.throws(() => split(text), { name: "FileRefused", message: reason });
  }
});
