import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, look, refused, startAuth } from "../roles/administrators.test-support.ts";

interface Item {
  readonly outcome: string;
  readonly door: string;
  readonly session_id: string | null;
  readonly current: boolean;
  readonly device: { readonly kind: string };
}

const PHONE = { "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile Safari/605" };

test("a person sees their sign-ins and failed tries, with the device, and which of them is this one", async (t) => {
  const auth = await startAuth(t);
  const anna = await auth.signUp();
  auth.clock.advance({ seconds: 1 });
  const form = { email: anna.email, password: "not the password" };
  await auth.app.inject({ method: "POST", url: "/v1/sessions", payload: form, headers: PHONE });
  auth.clock.advance({ seconds: 1 });
  const tv = await auth.signIn(anna.email, undefined, { device: { kind: "tv", name: "Kitchen" } });

  const { body } = await ask(auth, anna, "GET", "/v1/me/sign-ins");
  const items = body["items"] as Item[];

  assert.deepEqual(
    items.map(({ outcome, door, session_id, current, device }) => [
      outcome,
      door,
      session_id,
      current,
      device.kind,
    ]),
    [
      ["signed_in", "password", tv.sessionId, false, "tv"],
      ["wrong_password", "password", null, false, "phone"],
      ["signed_in", "sign_up", anna.sessionId, true, "other"],
    ],
  );
  const tvs = await ask(auth, anna, "GET", "/v1/me/sign-ins?device=tv");
  assert.equal((tvs.body["items"] as Item[]).length, 1);
});

test("history is one's own, and a question for it is taken strictly", async (t) => {
  const auth = await startAuth(t);
  const [anna, boris] = [await auth.signUp(), await auth.signUp()];
  await auth.signIn(anna.email);
  const { body } = await ask(auth, anna, "GET", "/v1/me/sign-ins?page_size=1");
  const cursor = String(body["next_cursor"]);
  assert.equal((await ask(auth, anna, "GET", `/v1/me/sign-ins?cursor=${cursor}`)).status, 200);

  await refused(auth, undefined, ["GET", "/v1/me/sign-ins"], { status: 401, code: "sign_in_required" });
  const bad = { status: 400, code: "invalid_request" };
  await refused(auth, boris, ["GET", `/v1/me/sign-ins?cursor=${cursor}`], bad);
  for (const query of [
    "device=car",
    "page_size=0",
    "page_size=101",
    "page_size=1e3",
    "page_size=1&page_size=2",
    "cursor=%00",
    "offset=1",
  ])
    await refused(auth, anna, ["GET", `/v1/me/sign-ins?${query}`], bad);
});

test("a missing month never stops a sign-in, not even where it cannot be made", async (t) => {
  const auth = await startAuth(t);
  const anna = await auth.signUp();
  await auth.auth.capabilities.history.close();
  for (const month of ["202603", "202604", "202605", "202606"])
    await look(auth, `drop table auth.sign_ins_${month}`);
  await look(auth, "alter procedure auth.ensure_months(date, integer) rename to gone");

  const phone = await auth.signIn(anna.email);

  const empty = await ask(auth, phone, "GET", "/v1/me/sign-ins");
  assert.deepEqual([empty.status, empty.body["items"]], [200, []]);
  assert.equal(auth.auth.capabilities.history.dropped, 1);

  await look(auth, "alter procedure auth.gone(date, integer) rename to ensure_months");
  const tv = await auth.signIn(anna.email);
  assert.equal(((await ask(auth, tv, "GET", "/v1/me/sign-ins")).body["items"] as Item[]).length, 1);
});
