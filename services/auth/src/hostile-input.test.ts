/** Every operation of the contract, asked with what nobody means well with. */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { runHostile } from "@kinopass/testing";
import { signUpWith } from "./roles/administrators.test-support.ts";
import { startTestAuth } from "./testing/start-auth.ts";

// biome-ignore lint/plugin: for a longer look by hand, HOSTILE_SEED=7 HOSTILE_ROUNDS=400 npm test -- hostile
const { HOSTILE_SEED: seed = "1", HOSTILE_ROUNDS: rounds = "12" } = process.env;

test(`whatever is sent (seed ${seed}), each operation answers as its contract says, and never with a failure`, async (t) => {
  const auth = await startTestAuth(t);
  const chief = await signUpWith(auth, "superuser");
  const actor = { kind: "console" } as const;
  const scopes = ["introspect", "revoke", "revocations"] as const;
  const { id, secret } = await auth.auth.capabilities.services.add(actor, "hostile", scopes);
  await auth.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = auth.app.server.address() as AddressInfo;
  const { asked, complaints } = await runHostile({
    document: (await auth.app.inject("/openapi.json")).json(),
    url: `http://127.0.0.1:${port}`,
    seed: Number(seed),
    rounds: Number(rounds),
    callers: async () => [
      (await auth.signUp()).headers,
      (await auth.signIn(chief.email)).headers,
      { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    ],
    known: { name: "subscriber", id: chief.accountId, provider: "vk" },
  });
  assert.deepEqual(complaints, [], `${asked} requests`);
});
