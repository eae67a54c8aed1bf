import assert from "node:assert/strict";
import { test } from "node:test";
import { dashed, dotted, inParts, provesAge, slashed } from "./birth-date.ts";

const NOW = new Date(Date.UTC(2026, 10, 22));

test("trap 49: the same digits are another day at another provider", () => {
  assert.deepEqual(dotted("04.05.2000", NOW), { year: 2000, month: 5, day: 4, precision: "day" });
  assert.deepEqual(slashed("04/05/2000", NOW), { year: 2000, month: 4, day: 5, precision: "day" });
  assert.deepEqual(dashed("2000-04-05", NOW), { year: 2000, month: 4, day: 5, precision: "day" });
  assert.deepEqual(dotted("1.2", NOW), { month: 2, day: 1, precision: "yearless" });
  assert.deepEqual(dotted("10.10.1984", NOW), { year: 1984, month: 10, day: 10, precision: "day" });
  assert.deepEqual(slashed("04/05", NOW), { month: 4, day: 5, precision: "yearless" });
  assert.deepEqual(slashed("1984", NOW), { year: 1984, precision: "year" });
  assert.deepEqual(inParts({ year: 1984, month: 2, day: 29 }, NOW), {
    year: 1984,
    month: 2,
    day: 29,
    precision: "day",
  });
  assert.deepEqual(inParts({ month: 2, day: 29 }, NOW), { month: 2, day: 29, precision: "yearless" });
  assert.deepEqual(dashed("1984-05-00", NOW), { year: 1984, month: 5, precision: "month" });
});

test("what is no date, or lies ahead, or before anybody alive, is nothing", () => {
  for (const value of [
    "31.02.2000",
    "29.02.1999",
    "32.01.2000",
    "01.13.2000",
    "01.01.1899",
    "23.11.2026",
    "01.01.2027",
    "",
    "x",
    undefined,
  ]) {
    assert.equal(dotted(value, NOW), undefined, value);
  }
  for (const value of [null, {}, { year: -1 }, { year: 1990.5 }, { year: "abc" }, []])
    assert.equal(inParts(value, NOW), undefined);
});

test("a missing year proves no age, and a bare year counts as its last day", () => {
  assert.equal(provesAge({ month: 1, day: 1, precision: "yearless" }, 0, NOW), false);
  assert.equal(provesAge({ year: 2008, month: 11, day: 22, precision: "day" }, 18, NOW), true);
  assert.equal(provesAge({ year: 2008, month: 11, day: 23, precision: "day" }, 18, NOW), false);
  assert.equal(provesAge({ year: 2008, precision: "year" }, 18, NOW), false);
  assert.equal(provesAge({ year: 2007, precision: "year" }, 18, NOW), true);
  assert.equal(provesAge({ year: 2008, month: 11, precision: "month" }, 18, NOW), false);
});
