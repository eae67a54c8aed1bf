import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import pg from "pg";
import { asDatabaseError, DatabaseAway } from "./errors.ts";
import { Together } from "./together.ts";

/** Trips that end when the test says so; each journey is the items that went. */
function setUp(whoFails: (items: readonly number[]) => Error | undefined = () => undefined) {
  const journeys: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const travel = async (items: readonly number[]): Promise<readonly string[]> => {
    journeys.push(items);
    const end = Promise.withResolvers<void>();
    ends.push(end.resolve);
    await end.promise;
    const failure = whoFails(items);
    if (failure !== undefined) throw failure;
    return items.map((item) => `answer ${item}`);
  };
  const together = new Together<number, string>({
    name: "test",
    alone: async (item) => (await travel([item]))[0] ?? "",
    together: travel,
  });
  return {
    journeys,
    ask: (...items: number[]) => items.map((item) => together.ask(item)),
    /** Ends trips that have begun, one after the other, until nobody is left. */
    arrive: async (asked: readonly Promise<unknown>[]) => {
      const done = Promise.allSettled(asked);
      let over = false;
      void done.then(() => {
        over = true;
      });
      while (!over) {
        ends.shift()?.();
        await turn();
      }
      return await done;
    },
  };
}

const turn = () => new Promise<void>((next) => setImmediate(next));

/** An error as the driver makes it. */
function refusedWith(code: string): Error {
  const error = new pg.DatabaseError("refused", 0, "error");
  error.code = code;
  return asDatabaseError(error, "test");
}

const values = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.map((one) => (one.status === "fulfilled" ? one.value : one.reason));

test("who asks in one turn of the event loop travels together, and who asks alone goes alone", async () => {
  const { journeys, ask, arrive } = setUp();
  assert.deepEqual(values(await arrive(ask(1, 2, 3))), ["answer 1", "answer 2", "answer 3"]);
  assert.deepEqual(values(await arrive(ask(4))), ["answer 4"]);
  assert.deepEqual(journeys, [[1, 2, 3], [4]]);
});

test("while two are under way the others wait, and leave with all that came meanwhile", async () => {
  const { journeys, ask, arrive } = setUp();
  const asked = [...ask(1)];
  await turn();
  asked.push(...ask(2));
  await turn();
  asked.push(...ask(3));
  await turn();
  asked.push(...ask(4));
  await turn();
  assert.deepEqual(journeys, [[1], [2]]);
  assert.deepEqual(values(await arrive(asked)), ["answer 1", "answer 2", "answer 3", "answer 4"]);
  assert.deepEqual(journeys, [[1], [2], [3, 4]]);
});

test("no more than sixty-four travel together", async () => {
  const { journeys, ask, arrive } = setUp();
  await arrive(ask(...Array.from({ length: 150 }, (_, n) => n)));
  assert.deepEqual(
    journeys.map(({ length }) => length),
    [64, 64, 22],
  );
});

test("a trip that takes long holds nobody else up", async () => {
  const { journeys, ask, arrive } = setUp();
  const stuck = [...ask(1)];
  await turn();
  stuck.push(...ask(2));
  await turn();
  stuck.push(...ask(3, 4));
  // Nothing arrives; only time passes.
  while (journeys.length < 3) await new Promise((next) => setTimeout(next, 5));
  assert.deepEqual(journeys[2], [3, 4]);
  await arrive(stuck);
});

for (const [what, code] of [
  ["a locked row", "55P03"],
  ["a value that is refused", "22003"],
] as const)
  test(`${what} among many: each is asked for alone, and only its own answer is the failure`, async () => {
    const failure = refusedWith(code);
    const { journeys, ask, arrive } = setUp((items) => (items.includes(2) ? failure : undefined));
    assert.deepEqual(values(await arrive(ask(1, 2, 3))), ["answer 1", failure, "answer 3"]);
    assert.deepEqual(journeys, [[1, 2, 3], [1], [2], [3]]);
  });

test("a database that is away is asked once for all of them, and again for the next", async () => {
  let away: Error | undefined = new DatabaseAway("gone");
  const { journeys, ask, arrive } = setUp(() => away);
  assert.deepEqual(values(await arrive(ask(1, 2, 3))), [away, away, away]);
  assert.deepEqual(journeys, [[1, 2, 3]]);
  away = undefined;
  assert.deepEqual(values(await arrive(ask(4, 5))), ["answer 4", "answer 5"]);
});

test("who goes alone goes in his own context; those who go together go in nobody's", async () => {
  const request = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const note = async () => void seen.push(request.getStore());
  const together = new Together<number, void>({
    name: "test",
    alone: note,
    together: async () => {
      await note();
      return [];
    },
  });
  await request.run("first", () => together.ask(1));
  await Promise.all([
    request.run("second", () => together.ask(2)),
    request.run("third", () => together.ask(3)),
  ]);
  assert.deepEqual(seen, ["first", undefined]);
});
