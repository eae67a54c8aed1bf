import assert from "node:assert/strict";
import { test } from "node:test";
import { Secrets } from "./secrets.ts";

const key = (byte: number) => Buffer.alloc(32, byte);
const directoryKey = key(9);

test("a sealed value opens with an older key until that key is taken away", () => {
  const before = new Secrets({ masters: [{ id: 1, key: key(1) }], directoryKey });
  const sealed = before.seal("a letter", "mail/1");
  const rotated = new Secrets({
    masters: [
      { id: 2, key: key(2) },
      { id: 1, key: key(1) },
    ],
    directoryKey,
  });
  assert.equal(rotated.open(sealed, "mail/1")?.toString(), "a letter");
  const after = new Secrets({ masters: [{ id: 2, key: key(2) }], directoryKey });
  assert.equal(after.open(sealed, "mail/1"), undefined);
});

test("a sealed value opens nowhere but in its place, and not after any change", () => {
  const secrets = new Secrets({ masters: [{ id: 1, key: key(1) }], directoryKey });
  const sealed = secrets.seal("a letter", "mail/1");
  assert.equal(secrets.open(sealed, "mail/2"), undefined);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(secrets.open(changed, "mail/1"), undefined, `byte ${at}`);
  }
  assert.equal(secrets.open(Buffer.alloc(0), "mail/1"), undefined);
});

test("keys of different purposes differ, and the directory's key does not rotate with the others", () => {
  const one = new Secrets({ masters: [{ id: 1, key: key(1) }], directoryKey });
  const two = new Secrets({ masters: [{ id: 2, key: key(2) }], directoryKey });
  assert.notDeepEqual(one.mac("code", 1, "x"), one.mac("refresh-token", 1, "x"));
  assert.deepEqual(one.directoryHash("email", "a@b"), two.directoryHash("email", "a@b"));
  assert.notDeepEqual(one.directoryHash("email", "a"), one.directoryHash("social", "a"));
  assert.equal(one.mac("code", 2, "x"), undefined);
});
