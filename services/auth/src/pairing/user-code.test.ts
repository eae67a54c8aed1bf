import assert from "node:assert/strict";
import { test } from "node:test";
import { newUserCode, readUserCode, showUserCode, USER_CODE_LETTERS } from "./user-code.ts";

test("a code is eight letters that spell no words and are taken for no digits", () => {
  assert.doesNotMatch(USER_CODE_LETTERS, /[AEIOUY0-9]/);
  const codes = Array.from({ length: 500 }, () => newUserCode());
  for (const code of codes) assert.match(code, /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
  assert.equal(new Set(codes.join("")).size, USER_CODE_LETTERS.length, "every letter is drawn");
  assert.equal(new Set(codes).size, codes.length);
});

test("a code is shown in two groups and read back however it is typed", () => {
  assert.equal(showUserCode("WDJBMJHT"), "WDJB-MJHT");
  for (const typed of [
    "WDJB-MJHT",
    "wdjbmjht",
    " wdjb mjht ",
    "wdjb–mjht",
    "w d j b.m j h t",
    "W-D-J-B-M-J-H-T",
  ])
    assert.equal(readUserCode(typed), "WDJBMJHT", typed);
});

test("letters of a Russian keyboard that look the same are the same", () => {
  assert.equal(readUserCode("ВСНК-МРТХ"), "BCHKMPTX");
});

test("what cannot be a code is none", () => {
  for (const typed of [
    "",
    "WDJB",
    "WDJB-MJHTX",
    "WDJB-MJHA",
    "WDJB-MJH0",
    "12345678",
    "ПРИВЕТЫ!",
    "😀😀😀😀",
  ])
    assert.equal(readUserCode(typed), undefined, typed);
});
