import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressBar } from "./progress-bar.ts";

test("a terminal sees a line drawn over; a log is told every half minute that the work goes on", () => {
  let [now, text] = [0, ""];
  const output = (isTTY: boolean) => ({ isTTY, columns: 80, write: (part: string) => (text += part) });
  const watched = new ProgressBar(output(true), () => now);
  watched.show("frozen", 1, 4, "3 left");
  assert.equal(text, "\r\u001b[2Kfrozen ██████░░░░░░░░░░░░░░░░░░ 25 % 3 left");

  text = "";
  const logged = new ProgressBar(output(false), () => now);
  for (; now <= 65_000; now += 1_000) logged.show("frozen", now, 100_000, "on");
  assert.equal(text, "frozen 30 % on\nfrozen 60 % on\n");
  logged.clear();
  assert.equal(text.length, 30);
});
