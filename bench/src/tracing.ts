import type { Service } from "@kinopass/stand/services";
import { startOtlpReceiver } from "@kinopass/tracing/testing/otlp-receiver";
import { type Ground, openGround, type Person } from "./ground.ts";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";
import { againstOthers, overProcesses } from "./side-by-side.ts";
import { OPERATIONS, type Turn, turn } from "./turn.ts";

const CLIENTS = 8;
/** Processes of each mode, one after the other: two that run the same code differ by some hundredths for good. */
const PROCESSES = 5;
/**
 * Until the code is compiled the processor time of that is counted too, the more of it the more code there is. What one
 * request in a hundred runs takes the longest: at 1 % a page goes on getting cheaper for some twenty seconds.
 */
const WARM_UP_ROUNDS = 10;
/**
 * All are kept warm in turn. Of eight that were warmed one after the other, the three that then stood still the longest
 * compiled for some forty seconds in the turns that count. V8 drops code that is not used, which may be why; not tried.
 */
const WARM_UP_SECONDS = 2.5;
/** Short turns and many of them: on a shared machine a long one catches somebody else's work. */
const TURNS = 40;
const TURN_SECONDS = 0.3;
/** Not counted: while the others had their turns, this one's code and data left the caches, which no busy service sees. */
const LEAD_IN_SECONDS = 0.2;

/** Under each name: the share of the throughput without tracing that must be left. */
const MODES = {
  "no tracing code": undefined,
  "the same again": undefined,
  "tracing off": 0.98,
  "1 % sampled": 0.95,
  "100 % sampled": 0.75,
} as const;
type Mode = keyof typeof MODES;
const NAMES = Object.keys(MODES) as Mode[];
const BARE: Mode = "no tracing code";
const BARE_AGAIN: Mode = "the same again";

/** The turns of one process. */
type Turns = readonly Turn[];

/**
 * Refreshes and film pages with tracing off, at 1 % and at 100 %, ÷ the same services with @kinopass/tracing replaced
 * by stand-ins that know request ids, as a service without tracing would, and nothing else. Beside them: the same
 * stand-ins a second time, which tells how far the figures can be believed; the others are held against the mean of both.
 * All run side by side on one database and are measured in turn, so that the machine's drift falls on all: what is compared are
 * turns of one round. Spans go to a receiver in the load generator's process, which throws them away unread.
 */
export async function benchTracing(parameter?: string): Promise<Figure[]> {
  const receiver = await startOtlpReceiver();
  receiver.behave("discard");
  const ground = await openGround();
  try {
    const people = await ground.people(CLIENTS);
    const services = (["auth", "catalog"] as const).filter((name) => (parameter ?? name) === name);
    const figures: Figure[] = [];
    for (const service of services) {
      const seen = new Map<Mode, Turns[]>(NAMES.map((mode) => [mode, []]));
      for (let process = 0; process < PROCESSES; process += 1)
        for (const [mode, turns] of await measured(ground, {
          service,
          people,
          endpoint: receiver.url,
          process,
        }))
          seen.get(mode)?.push(turns);
      figures.push(...report(OPERATIONS[service].unit, seen));
    }
    return figures;
  } finally {
    await ground.stop();
    await receiver.close();
  }
}

interface Measured {
  readonly service: keyof typeof OPERATIONS;
  readonly people: readonly Person[];
  readonly endpoint: string;
  readonly process: number;
}

/** One process of each mode: started, warmed up, measured in turn, ended. */
async function measured(
  ground: Ground,
  { service, people, endpoint, process }: Measured,
): Promise<ReadonlyMap<Mode, readonly Turn[]>> {
  const { once } = OPERATIONS[service];
  const running = new Map<Mode, Service>();
  const seen = new Map<Mode, Turn[]>(NAMES.map((mode) => [mode, []]));
  try {
    // Each time another mode is the first to start and the first of a round: none is always the one after a pause.
    for (const mode of orderOf(process))
      running.set(mode, await ground.another(service, environment(mode, endpoint)));
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1)
      for (const one of running.values()) await turn(one, people, once, WARM_UP_SECONDS);
    for (let round = 0; round < TURNS; round += 1)
      for (const mode of orderOf(round)) {
        const one = running.get(mode);
        if (one === undefined) continue;
        await turn(one, people, once, LEAD_IN_SECONDS);
        seen.get(mode)?.push(await turn(one, people, once, TURN_SECONDS));
      }
  } finally {
    await Promise.all([...running.values()].map((one) => one.stop()));
  }
  return seen;
}

/**
 * Each kind is the first equally often, and comes after each other equally often: what a turn leaves to be done by the
 * database falls on the next. With as many kinds as a prime number, any step from one to the next reaches all.
 */
function orderOf(round: number): readonly Mode[] {
  const step = 1 + (round % (NAMES.length - 1));
  return NAMES.flatMap((_, place) => NAMES[(round + place * step) % NAMES.length] ?? []);
}

function environment(mode: Mode, endpoint: string): Record<string, string> {
  if (mode === "tracing off") return {};
  if (mode === "1 % sampled" || mode === "100 % sampled")
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: mode === "1 % sampled" ? "0.01" : "1",
    };
  return { NODE_OPTIONS: `--import=${new URL("./no-tracing/hooks.js", import.meta.url).href}` };
}

function report(unit: string, seen: ReadonlyMap<Mode, readonly Turns[]>): Figure[] {
  const [bare = [], again = []] = [seen.get(BARE), seen.get(BARE_AGAIN)];
  const all = [...seen.values()].flat(2);
  const failed = all.reduce((sum, { failures }) => sum + failures, 0);
  return [
    ...NAMES.flatMap((mode) => {
      const shown = seen.get(mode) ?? [];
      const against = mode === BARE_AGAIN ? [bare] : [bare, again];
      const absolute = absolutesOf(`${unit}, ${mode}`, shown);
      return mode === BARE
        ? absolute
        : [...absolute, ...ratiosOf(`${unit}, ${mode}`, { mode, shown, against })];
    }),
    { name: `${unit}: failed requests`, value: failed, unit: "", target: { atMost: 0 } },
  ];
}

/** Of each process the better quartile, since whoever else is at work only ever adds; of these the median. */
function absolutesOf(what: string, shown: readonly Turns[]): Figure[] {
  const quartile = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? 0;
  const perSecond = shown.map((turns) => -quartile(turns.map(({ perSecond }) => -perSecond)));
  const cpuUs = shown.map((turns) => quartile(turns.map(({ cpuUs }) => cpuUs)));
  return [
    { name: what, value: median(perSecond), unit: "/s" },
    { name: `${what}: processor time each`, value: median(cpuUs), unit: "µs" },
  ];
}

interface Compared {
  readonly mode: Mode;
  readonly shown: readonly Turns[];
  /** What it is held against, process by process. */
  readonly against: readonly (readonly Turns[])[];
}

function ratiosOf(what: string, { mode, shown, against }: Compared): Figure[] {
  const ratio = (of: (turn: Turn) => number) =>
    overProcesses(
      shown.map((turns, process) =>
        againstOthers(
          turns.map(of),
          against.map((other) => (other[process] ?? []).map(of)),
        ),
      ),
    );
  // The less processor time a request takes, the more of them there are in a second of it.
  const [cpu, throughput] = [ratio(({ cpuUs }) => 1 / cpuUs), ratio(({ perSecond }) => perSecond)];
  const atLeast = MODES[mode];
  const within = (error: number) => `± ${error.toFixed(3)}`;
  return [
    { name: `${what}: by processor time`, value: cpu.mean, unit: within(cpu.error) },
    {
      name: `${what}: lowest and highest`,
      value: throughput.lowest,
      unit: `to ${throughput.highest.toFixed(3)}`,
    },
    {
      name: `${what} ÷ ${BARE}`,
      value: throughput.mean,
      unit: within(throughput.error),
      ...(atLeast === undefined ? {} : { target: { atLeast } }),
    },
  ];
}
