import assert from "node:assert/strict";
import { test } from "node:test";
import { fold } from "../text/fold.ts";
import { exactQuery, forgivingQuery, joinedPairs, learntWords, spellingsOf } from "./words.ts";

const meet = (one: string, other: string) => {
  const spellings = new Set(spellingsOf(other));
  return spellingsOf(one).some((spelling) => spellings.has(spelling));
};

test("every one-letter typo of a word shares a spelling with it: missing, extra, wrong, swapped", () => {
  const word = "godfather";
  for (let at = 0; at < word.length; at += 1) {
    const [before, letter, after] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
    assert.ok(meet(before + after, word), `missing ${letter}`);
    assert.ok(meet(`${before}x${letter}${after}`, word), `extra before ${letter}`);
    assert.ok(meet(`${before}x${after}`, word), `wrong ${letter}`);
    if (after !== "")
      assert.ok(meet(before + after.charAt(0) + letter + after.slice(1), word), `swapped at ${at}`);
  }
});

test("words that are more than a typo apart do not meet, and short ones have no typos", () => {
  assert.equal(meet("godfather", "grandfather"), false);
  assert.equal(meet("jaws", "claws"), false);
  assert.deepEqual(spellingsOf("it"), []);
  assert.deepEqual(spellingsOf("saw"), ["saw"]);
  assert.deepEqual(spellingsOf("x".repeat(41)), []);
});

test("a query is words alone: nothing of it is an operator", () => {
  const words = fold("a'b & !c | (d:*) <-> \\ 'e").split(" ");
  assert.deepEqual(words, ["a", "b", "c", "d", "e"]);
  assert.equal(exactQuery(words), "'a' & 'b' & 'c' & 'd' & 'e':*");
  assert.equal(forgivingQuery(["jwas", "two"], new Map([["jwas", ["jaws"]]])), "('jwas' | 'jaws') & ('two')");
});

test("neighbours are known as one word, and what an apostrophe parts is learnt whole", () => {
  assert.deepEqual(joinedPairs("spider man two"), ["spiderman", "mantwo"]);
  assert.deepEqual(learntWords("schindler s list"), ["schindler", "list", "schindlers", "slist"]);
});

test("texts fold alike whatever their case, accents, signs and width", () => {
  for (const [one, other] of [
    ["Amélie", "AMELIE!"],
    ["Spider-Man", "spider   man"],
    ["Léon: The Professional", "leon the professional"],
    ["ＷＡＬＬ·Ｅ", "wall e"],
    ["Ёлки", "елки"],
  ] as const) {
    assert.equal(fold(one), fold(other));
  }
  assert.equal(fold("… — !"), "");
});
