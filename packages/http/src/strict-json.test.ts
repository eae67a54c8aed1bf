import assert from "node:assert/strict";
import { test } from "node:test";
import { isCleanText, JsonRefused, parseStrictJson } from "./strict-json.ts";

test("plain JSON passes unchanged", () => {
  const value = { a: [1, "two", { b: null }], ключ: "значение \u{1F37F}", c: { a: 1 } };
  assert.deepEqual(parseStrictJson(JSON.stringify(value)), value);
});

test("what two parsers could read differently is refused", () => {
  const refused = [
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"a" :1,"a"\n:2}',
    '{"__proto__":{}}',
    '{"constructor":{"prototype":{}}}',
    '{"a":1e309}',
    '{"a":9007199254740993}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a\\u0000":1}',
    "[".repeat(10_000) + "]".repeat(10_000),
    "{",
    "",
    "undefined",
    '{"a":1} x',
  ];
  for (const text of refused) assert.throws(() => parseStrictJson(text), JsonRefused, text.slice(0, 40));
});

test("a value that looks like a name is not taken for one", () => {
  assert.deepEqual(parseStrictJson('{"a":"a","b":["a","a"],"c":"x\\":"}'), {
    a: "a",
    b: ["a", "a"],
    c: 'x":',
  });
});

test("texts that no database can keep are not clean", () => {
  assert.ok(isCleanText("Ёлка 🎄 e\u0301"));
  for (const text of ["\0", "\ud800x", "x\udfff", "\uFFFE", "\uFDD0"]) assert.ok(!isCleanText(text));
});
