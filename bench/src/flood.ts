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
 * steady pace, as they do while the most is measured that can sign in without a flood. Service, database and load share
 * one machine, so refusing as such costs goodput there: the same sign-ins are counted again while a bare process refuses
 * the rest, which is the most that any service could reach. In rounds, since the machine's pace changes from one minute
 * to the next: a flood is held against the mean of what was measured before and after it; figures are medians of the
 * rounds.
 */
export async function benchFlood(): Promise<Figure[]> {
  const ground = await openGround();
  try {
    // Not of those who sign in: an account keeps so many sessions and no more, the oldest leave.
    const scene = { ground, people: await ground.people(16), refreshers: await ground.people(REFRESHERS) };
    // Once for nothing: what is compiled only during the flood would make the flood look cheap.
    await mostSignIns(scene);
    const rounds: Round[] = [];
    let before = await mostSignIns(scene);
    for (let n = 0; n < ROUNDS; n += 1) {
      const besideRefusals = await mostBesideRefusals(scene, before * (TIMES - 1));
      const flooded = await floodOnce(scene, before * TIMES);
      const after = await mostSignIns(scene);
      rounds.push({ most: (before + after) / 2, besideRefusals, ...flooded });
      before = after;
    }
    return figures(rounds);
  } finally {
    await ground.stop();
  }
}

interface Scene {
  readonly ground: Ground;
  readonly people: readonly Person[];
  readonly refreshers: readonly Person[];
}

interface Flooded {
  readonly perSecond: number;
  readonly outcome: FloodOutcome;
  readonly others: Others;
}

interface Round extends Flooded {
  /** Sign-ins a second without a flood. */
  readonly most: number;
  readonly besideRefusals: number;
}

async function floodOnce(scene: Scene, perSecond: number): Promise<Flooded> {
  const { ground, people } = scene;
  const order = {
    url: ground.auth.url,
    perSecond: Math.ceil(perSecond),
    seconds: SECONDS,
    bodies: people.map(bodyOf),
  };
  const [outcome, others] = await Promise.all([flood(order), othersMeanwhile(scene, SECONDS)]);
  return { perSecond, outcome, others };
}

function figures(rounds: readonly Round[]): Figure[] {
  const of = (what: (round: Round) => number) => median(rounds.map(what));
  const sumOf = (what: (round: Round) => number) => rounds.reduce((sum, round) => sum + what(round), 0);
  const goodput = ({ outcome }: Round) => outcome.signedIn / outcome.tookSeconds;
  const shares = rounds.map((round) => goodput(round) / round.most);
  return [
    { name: "most sign-ins a second", value: of(({ most }) => most), unit: "/s" },
    { name: "sign-ins asked for a second", value: of(({ perSecond }) => perSecond), unit: "/s" },
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
      value: of(({ others }) => others.refreshes.p99Ms),
      unit: "ms",
      target: { atMost: 100 },
    },
    {
      name: "p99 of the keys",
      value: of(({ others }) => others.keys.p99Ms),
      unit: "ms",
      target: { atMost: 50 },
    },
    {
      name: "p99 of health",
      value: of(({ others }) => others.health.p99Ms),
      unit: "ms",
      target: { atMost: 50 },
    },
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
        ({ outcome, others: { refreshes, keys, health } }) =>
          outcome.otherwise + refreshes.failures + keys.failures + health.failures,
      ),
      unit: "",
      target: { atMost: 0 },
    },
  ];
}

const bodyOf = ({ email, password }: Person) => JSON.stringify({ email, password });

async function mostSignIns(scene: Scene): Promise<number> {
  const { ground, people } = scene;
  const clients = await Promise.all(
    Array.from({ length: availableParallelism() * CLIENTS_PER_CORE }, () => Client.open(ground.auth.url)),
  );
  let next = 0;
  const seconds = SECONDS / 2;
  const signingIn = run({
    clients: clients.length,
    seconds,
    operation: async (client) => {
      const person = people[next++ % people.length] as Person;
      const answer = await clients[client]?.request("POST", "/v1/sessions", "", bodyOf(person));
      if (answer?.status !== 201) throw new Error(String(answer?.status));
    },
  });
  const [{ perSecond }] = await Promise.all([signingIn, othersMeanwhile(scene, seconds + 1)]);
  for (const client of clients) client.close();
  return perSecond;
}

async function mostBesideRefusals(scene: Scene, perSecond: number): Promise<number> {
  const refuser = fork(new URL("./bare-refuser.js", import.meta.url), { execArgv: [] });
  const [port] = (await once(refuser, "message")) as [number];
  const refusing = flood({
    url: `http://127.0.0.1:${port}`,
    perSecond: Math.ceil(perSecond),
    seconds: SECONDS / 2 + 1,
    bodies: scene.people.map(bodyOf),
  });
  const most = await mostSignIns(scene);
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

/** Who has nothing to do with signing in and goes on. */
interface Others {
  readonly refreshes: Probed;
  readonly keys: Probed;
  readonly health: Probed;
}

async function othersMeanwhile({ ground, refreshers }: Scene, seconds: number): Promise<Others> {
  const [refreshes, keys, health] = await Promise.all([
    probeRefreshes(ground, refreshers, seconds),
    probe(ground, "/.well-known/jwks.json", seconds),
    probe(ground, "/livez", seconds),
  ]);
  return { refreshes, keys, health };
}

async function probe(ground: Ground, path: string, seconds: number): Promise<Probed> {
  const client = await Client.open(ground.auth.url);
  const probed = await paced(seconds, async () => (await client.request("GET", path, "")).status);
  client.close();
  return probed;
}

async function probeRefreshes(ground: Ground, people: readonly Person[], seconds: number): Promise<Probed> {
  const clients = await Promise.all(people.map(() => Client.open(ground.auth.url)));
  let next = 0;
  const probed = await paced(seconds, async () => {
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

/** One after the other at a steady pace, from when the load has set in until it ends. */
async function paced(seconds: number, ask: () => Promise<number>): Promise<Probed> {
  const times: number[] = [];
  let failures = 0;
  const began = performance.now() + 1_000;
  for (let n = 0; n < (seconds - 1) * PROBES_PER_SECOND; n += 1) {
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
