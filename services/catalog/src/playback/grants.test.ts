import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "@kinopass/testing";
import { Signer } from "../secrets.ts";
import { Grants } from "./grants.ts";

const key = (id: number) => ({ id, key: Buffer.alloc(32, id) });
const grantsWith = (...ids: number[]) => new Grants(new Signer(ids.map(key), "playback"));
const CLAIMS = { film_id: 7, account_id: "a", session_id: "s", age_rating: 12 } as const;

test("a grant is good for two minutes and not a second more", () => {
  const clock = new ManualClock();
  const grants = grantsWith(1);
  const grant = grants.issue(CLAIMS, clock.now());
  clock.advance({ seconds: 119 });
  assert.equal(grants.verify(grant, clock.now())?.film_id, 7);
  clock.advance({ seconds: 1 });
  assert.equal(grants.verify(grant, clock.now()), undefined);
});

test("two grants are never the same, so that an edge can count uses", () => {
  const now = new ManualClock().now();
  assert.notEqual(grantsWith(1).issue(CLAIMS, now), grantsWith(1).issue(CLAIMS, now));
});

test("a grant that was changed in any character opens nothing", () => {
  const now = new ManualClock().now();
  const grants = grantsWith(1);
  const grant = grants.issue(CLAIMS, now);
  for (let at = 0; at < grant.length; at += 1) {
    const other = grant[at] === "A" ? "B" : "A";
    const changed = `${grant.slice(0, at)}${other}${grant.slice(at + 1)}`;
    assert.equal(grants.verify(changed, now), undefined, `character ${at}`);
  }
  for (const nonsense of ["", "kp_pg_.", "kp_pg_e30.", `${grant} `, `${grant}\n`]) {
    assert.equal(grants.verify(nonsense, now), undefined);
  }
});

test("keys rotate: a grant of the key before is still good, one of a key taken away is not", () => {
  const now = new ManualClock().now();
  const grant = grantsWith(1).issue(CLAIMS, now);
  assert.equal(grantsWith(2, 1).verify(grant, now)?.account_id, "a");
  assert.equal(grantsWith(2).verify(grant, now), undefined);
});

test("a signature made for another purpose is worth nothing", () => {
  const now = new ManualClock().now();
  const other = new Grants(new Signer([key(1)], "cursors"));
  assert.equal(grantsWith(1).verify(other.issue(CLAIMS, now), now), undefined);
});
