import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStream, type StreamItem } from "./event-stream.ts";

function read(text: string, pieceBytes = Infinity): StreamItem[] {
  const stream = new EventStream();
  const bytes = Buffer.from(text);
  const items: StreamItem[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    items.push(...stream.push(bytes.subarray(at, at + pieceBytes)));
  }
  return items;
}

const TEXT = 'id: 7\nevent: revocation\ndata: {"a":\ndata: "ü"}\n\n: heartbeat\n\nevent:keys\ndata\n\n';
const ITEMS: StreamItem[] = [
  { kind: "event", type: "revocation", id: "7", data: '{"a":\n"ü"}' },
  { kind: "heartbeat" },
  { kind: "event", type: "keys", id: undefined, data: "" },
];

test("events come out whole however the bytes arrive", () => {
  for (const pieceBytes of [1, 2, 3, 7, 1000])
    assert.deepEqual(read(TEXT, pieceBytes), ITEMS, `by ${pieceBytes}`);
});

test("any line ending of the standard will do", () => {
  for (const pieceBytes of [1, 5, 1000]) {
    assert.deepEqual(read(TEXT.replaceAll("\n", "\r\n"), pieceBytes), ITEMS);
    assert.deepEqual(read(`${TEXT.replaceAll("\n", "\r")}x`, pieceBytes), ITEMS);
  }
});

test("an event that was cut off is not one", () => {
  assert.deepEqual(read("event: revocation\ndata: {}\n"), []);
  assert.deepEqual(read("\n\n\n"), []);
});

test("an event without end is refused instead of kept", () => {
  assert.throws(() => read("x".repeat(20_000), 1_000), /event too long/);
  assert.throws(() => read("data: 1234567890\n".repeat(2_000), 1_000), /event too long/);
});

test("bytes that are not UTF-8 are refused", () => {
  const stream = new EventStream();
  assert.throws(() => stream.push(Uint8Array.from([0x64, 0xff, 0x0a])), TypeError);
});
