/** Every operation of the contract, asked with what nobody means well with. */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { runHostile } from "@kinopass/testing";
import { plantFilms, SHELF } from "./testing/plant-films.ts";
import { startTestCatalog } from "./testing/start-catalog.ts";

// biome-ignore lint/plugin: for a longer look by hand, HOSTILE_SEED=7 HOSTILE_ROUNDS=400 npm test -- hostile
const { HOSTILE_SEED: seed = "1", HOSTILE_ROUNDS: rounds = "40" } = process.env;

test(`whatever is sent (seed ${seed}), each operation answers as its contract says, and never with a failure`, async (t) => {
  const stand = await startTestCatalog(t, (db) => plantFilms(db, SHELF));
  await stand.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = stand.app.server.address() as AddressInfo;
  const { items } = (await stand.get("/v1/films")).body as { items: { id: number }[] };
  const { asked, complaints } = await runHostile({
    document: (await stand.app.inject("/openapi.json")).json(),
    url: `http://127.0.0.1:${port}`,
    seed: Number(seed),
    rounds: Number(rounds),
    callers: async () => [
      await stand.bearer(),
      await stand.bearer({ roles: ["subscriber"], age_ceiling: 18 }),
    ],
    known: { id: String(items[0]?.id) },
  });
  assert.deepEqual(complaints, [], `${asked} requests`);
});
