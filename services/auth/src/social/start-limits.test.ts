import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_POLICIES } from "@kinopass/limiter";
import { ask, tally } from "../testing/ask.ts";
import { startTestAuth } from "../testing/start-auth.ts";

test("starting social sign-ins has limits of its own, and takes nothing from those of passwords", async (t) => {
  const auth = await startTestAuth(t, { surroundings: { policies: DEFAULT_POLICIES } });
  const { email, password } = await auth.signUp();
  // One more than a minute's, from one address.
  const starts = await Promise.all(
    Array.from({ length: 31 }, () => ask(auth, "GET /v1/social/nobody/start", undefined)),
  );
  assert.deepEqual(tally(starts), { provider_unknown: 30, rate_limited: 1 });
  assert.equal((await ask(auth, "POST /v1/sessions", { email, password })).status, 201);
});
