import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Client } from "./client.ts";
import { openGround } from "./ground.ts";
import { inTurn, loop, median, run } from "./load.ts";
import type { Figure } from "./report.ts";

const SECONDS = 4;
const ROUNDS = 5;
/** Some hundred sign-ins a second: until the service's code is compiled, a good part of a core is spent on that. */
const WARM_UP_SECONDS = 6;
/** So many that nobody comes to fifty devices: ending the oldest at every sign-in is nobody's day. */
const PEOPLE = 128;
/** For each core; the hashes never wait for somebody who waits for the disk. */
const CLIENTS_PER_CORE = 8;

/** Sign-ins a second at the door ÷ hashes a second that this machine can verify at all, at equal parameters. */
export async function benchSignIn(): Promise<Figure[]> {
  const cores = availableParallelism();
  const ground = await openGround();
  try {
    const people = await ground.people(PEOPLE);
    const clients = await Promise.all(
      Array.from({ length: cores * CLIENTS_PER_CORE }, () => Client.open(ground.auth.url)),
    );
    const operation = async (client: number) => {
      const person = people[Math.floor(performance.now() * 1000) % people.length];
      const body = JSON.stringify({ email: person?.email, password: person?.password });
      const { status } = (await clients[client]?.request("POST", "/v1/sessions", "", body)) ?? {
        status: 0,
      };
      if (status !== 201) throw new Error(String(status));
    };
    const signIn = () => run({ clients: clients.length, seconds: SECONDS, operation });
    await loop(clients.length, WARM_UP_SECONDS, operation);
    const { a, b } = await inTurn(ROUNDS, signIn, () => rawHashes(cores));
    for (const client of clients) client.close();
    const ratios = a.map(({ perSecond }, round) => perSecond / (b[round] as { perSecond: number }).perSecond);
    return [
      { name: "sign-ins a second", value: median(a.map(({ perSecond }) => perSecond)), unit: "/s" },
      {
        name: "raw argon2id verifications a second",
        value: median(b.map(({ perSecond }) => perSecond)),
        unit: "/s",
      },
      { name: "sign-in ÷ raw argon2id", value: median(ratios), unit: "", target: { atLeast: 0.85 } },
      {
        name: "failed sign-ins",
        value: a.reduce((sum, { failures }) => sum + failures, 0),
        unit: "",
        target: { atMost: 0 },
      },
    ];
  } finally {
    await ground.stop();
  }
}

/** Every core verifies the same hash in a loop, with nothing else to do. */
async function rawHashes(threads: number) {
  const source = `
    const { workerData, parentPort } = require("node:worker_threads");
    const { hashSync, verifySync } = require("@node-rs/argon2");
    const phc = hashSync("four plain words here", { memoryCost: 19456, timeCost: 2, parallelism: 1 });
    const until = performance.now() + workerData * 1000;
    let done = 0;
    while (performance.now() < until) { verifySync(phc, "four plain words here"); done += 1; }
    parentPort.postMessage(done);
  `;
  const counts = await Promise.all(
    Array.from(
      { length: threads },
      () =>
        new Promise<number>((done, fail) =>
          new Worker(source, { eval: true, workerData: SECONDS }).once("message", done).once("error", fail),
        ),
    ),
  );
  return {
    perSecond: counts.reduce((sum, count) => sum + count, 0) / SECONDS,
    p50Ms: 0,
    p99Ms: 0,
    failures: 0,
  };
}
