import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Client } from "./client.ts";
import type { FloodOrder, FloodOutcome } from "./flood-load.ts";
import { type Ground, openGround, type Person } from "./ground.ts";
import { median, run } from "./load.ts";
import type { Figure } from "./report.ts";

const ROUNDS = 5;
const TIMES = 10;
const SECONDS = 12;
const PROBES_PER_SECOND = 20;
const REFRESHERS = 4;
/** Enough for the most: while they queue, passwords are answered several at a time. */
const CLIENTS_PER_CORE = 8;

/**
 * Ten times the sign-ins the machine can verify, all with the right password and from an address no limit holds up, so
 * that nothing but shedding stands in their way; meanwhile others refresh, fetch keys and ask for health at their own
 * steady pace. Service, database and load share one machine, so refusing as such costs goodput there: the same sign-ins
 * are counted again while a bare process refuses the rest, which is the most that any service could reach. In rounds,
 * since the machine's pace changes from one minute to the next; figures are medians of the rounds.
 */
export async function benchFlood(): Promise<Figure[]> {
  const ground = await openGround();
  try {
    const people = await ground.people(16);
    // Not of those who sign in: an account keeps so many sessions and no more, the oldest leave.
    const refreshers = await ground.people(REFRESHERS);
    // Once for nothing: what is compiled only during the flood would make the flood look cheap.
    await mostSignIns(ground, people);
    const rounds: Round[] = [];
    for (let n = 0; n < ROUNDS; n += 1) rounds.push(await round(ground, people, refreshers));
    return figures(rounds);
  } finally {
    await ground.stop();
  }
}

interface Round {
  readonly capacity: number;
  readonly besideRefusals: number;
  readonly outcome: FloodOutcome;
  readonly refreshes: Probed;
  readonly keys: Probed;
  readonly health: Probed;
}

async function round(
  ground: Ground,
  people: readonly Person[],
  refreshers: readonly Person[],
): Promise<Round> {
  const capacity = await mostSignIns(ground, people);
  const besideRefusals = await mostBesideRefusals(ground, people, capacity * (TIMES - 1));
  const [outcome, refreshes, keys, health] = await Promise.all([
    flood({
      url: ground.auth.url,
      perSecond: Math.ceil(capacity * TIMES),
      seconds: SECONDS,
      bodies: people.map(bodyOf),
    }),
    probeRefreshes(ground, refreshers),
    probe(ground, "/.well-known/jwks.json"),
    probe(ground, "/livez"),
  ]);
  return { capacity, besideRefusals, outcome, refreshes, keys, health };
}

function figures(rounds: readonly Round[]): Figure[] {
  const of = (what: (round: Round) => number) => median(rounds.map(what));
  const sumOf = (what: (round: Round) => number) => rounds.reduce((sum, round) => sum + what(round), 0);
  const goodput = ({ outcome }: Round) => outcome.signedIn / outcome.tookSeconds;
  const shares = rounds.map((round) => goodput(round) / round.capacity);
  return [
    { name: "most sign-ins a second", value: of(({ capacity }) => capacity), unit: "/s" },
    { name: "sign-ins asked for a second", value: of(({ capacity }) => capacity * TIMES), unit: "/s" },
    { name: "goodput ÷ most sign-ins", value: median(shares), unit: "", target: { atLeast: 0.9 } },
    {
      name: "goodput ÷ most sign-ins: lowest and highest",
      value: Math.min(...shares),
      unit: `to ${Math.max(...shares).toFixed(2)}`,
    },
    {
      name: "goodput ÷ most beside bare refusals",
      value: of((round) => goodput(round) / round.besideRefusals),
      unit: "",
    },
    {
      name: "p99 of a refresh",
      value: of((one) => one.refreshes.p99Ms),
      unit: "ms",
      target: { atMost: 100 },
    },
    { name: "p99 of the keys", value: of((one) => one.keys.p99Ms), unit: "ms", target: { atMost: 50 } },
    { name: "p99 of health", value: of((one) => one.health.p99Ms), unit: "ms", target: { atMost: 50 } },
    {
      name: "p99 of being sent away",
      value: of(({ outcome }) => outcome.shedP99Ms),
      unit: "ms",
      target: { atMost: 50 },
    },
    { name: "sent away", value: sumOf(({ outcome }) => outcome.shed), unit: "" },
    { name: "could not be sent", value: sumOf(({ outcome }) => outcome.unsent), unit: "" },
    {
      name: "neither signed in nor sent away, or a failed probe",
      value: sumOf(
        ({ outcome, refreshes, keys, health }) =>
          outcome.otherwise + refreshes.failures + keys.failures + health.failures,
      ),
      unit: "",
      target: { atMost: 0 },
    },
  ];
}

const bodyOf = ({ email, password }: Person) => JSON.stringify({ email, password });

async function mostSignIns(ground: Ground, people: readonly Person[]): Promise<number> {
  const clients = await Promise.all(
    Array.from({ length: availableParallelism() * CLIENTS_PER_CORE }, () => Client.open(ground.auth.url)),
  );
  let next = 0;
  const { perSecond } = await run({
    clients: clients.length,
    seconds: SECONDS / 2,
    operation: async (client) => {
      const person = people[next++ % people.length] as Person;
      const answer = await clients[client]?.request("POST", "/v1/sessions", "", bodyOf(person));
      if (answer?.status !== 201) throw new Error(String(answer?.status));
    },
  });
  for (const client of clients) client.close();
  return perSecond;
}

async function mostBesideRefusals(
  ground: Ground,
  people: readonly Person[],
  perSecond: number,
): Promise<number> {
  const refuser = fork(new URL("./bare-refuser.js", import.meta.url), { execArgv: [] });
  const [port] = (await once(refuser, "message")) as [number];
  const refusing = flood({
    url: `http://127.0.0.1:${port}`,
    perSecond,
    seconds: SECONDS / 2 + 1,
    bodies: people.map(bodyOf),
  });
  const most = await mostSignIns(ground, people);
  await refusing;
  refuser.disconnect();
  return most;
}

function flood(order: FloodOrder): Promise<FloodOutcome> {
  return new Promise((done, fail) => {
    const worker = new Worker(new URL("./flood-load.js", import.meta.url), { workerData: order });
    worker.once("message", done).once("error", fail);
  });
}

interface Probed {
  readonly p99Ms: number;
  readonly failures: number;
}

async function probe(ground: Ground, path: string): Promise<Probed> {
  const client = await Client.open(ground.auth.url);
  const probed = await paced(async () => (await client.request("GET", path, "")).status);
  client.close();
  return probed;
}

async function probeRefreshes(ground: Ground, people: readonly Person[]): Promise<Probed> {
  const clients = await Promise.all(people.map(() => Client.open(ground.auth.url)));
  let next = 0;
  const probed = await paced(async () => {
    const index = next++ % people.length;
    const person = people[index] as Person;
    const body = JSON.stringify({ refresh_token: person.refreshToken });
    const answer = await clients[index]?.request("POST", "/v1/sessions/refresh", "", body);
    person.refreshToken = /"refresh_token":"([^"]+)"/.exec(answer?.body ?? "")?.[1] ?? person.refreshToken;
    return answer?.status ?? 0;
  });
  for (const client of clients) client.close();
  return probed;
}

/** One after the other at a steady pace, from when the flood has set in until it ends. */
async function paced(ask: () => Promise<number>): Promise<Probed> {
  const times: number[] = [];
  let failures = 0;
  const began = performance.now() + 1_000;
  for (let n = 0; n < (SECONDS - 2) * PROBES_PER_SECOND; n += 1) {
    const waitMs = began + (n * 1000) / PROBES_PER_SECOND - performance.now();
    if (waitMs > 0) await new Promise((next) => setTimeout(next, waitMs));
    const start = performance.now();
    const status = await ask().catch(() => 0);
    times.push(performance.now() - start);
    if (status !== 200) failures += 1;
  }
  times.sort((a, b) => a - b);
  return { p99Ms: times[Math.floor(times.length * 0.99)] ?? 0, failures };
}
