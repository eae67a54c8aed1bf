import { readdirSync, readFileSync } from "node:fs";
import type { Service } from "@kinopass/stand/services";
import { startOtlpReceiver } from "@kinopass/tracing/testing/otlp-receiver";
import { Client } from "./client.ts";
import { openGround, type Person } from "./ground.ts";
import { median, type Run, run } from "./load.ts";
import type { Figure } from "./report.ts";

const CLIENTS = 8;
/** Short turns and many of them: on a shared machine a long one catches somebody else's work. */
const SECONDS = 1.5;
const ROUNDS = 8;

/** Under each name: the share of the throughput without tracing that must be left. */
const MODES = {
  "no tracing code": undefined,
  "request ids alone": undefined,
  "tracing off": 0.98,
  "1 % sampled": 0.95,
  "100 % sampled": 0.75,
} as const;
type Mode = keyof typeof MODES;
const NAMES = Object.keys(MODES) as Mode[];

interface Turn extends Run {
  /** Processor time of the service, in microseconds for each request; it does not depend on who else is at work. */
  readonly cpuUs: number;
}

interface Subject {
  readonly refresh: () => Promise<Turn>;
  readonly filmPage: () => Promise<Turn>;
  readonly close: () => Promise<void>;
}

/**
 * Refreshes and film pages a second with tracing off, at 1 % and at 100 %, ÷ the same services with @kinopass/tracing
 * replaced by stand-ins that do nothing; beside them, services that know request ids and nothing of tracing, to tell which
 * part of the loss is theirs. All five run side by side and are measured in turn, so that the machine's drift
 * falls on all. Spans go to a receiver in the load generator's process, which throws them away unread.
 */
export async function benchTracing(): Promise<Figure[]> {
  const receiver = await startOtlpReceiver();
  receiver.behave("discard");
  const subjects = new Map<Mode, Subject>();
  try {
    for (const mode of NAMES) subjects.set(mode, await open(environment(mode, receiver.url)));
    return [
      ...(await compare("refreshes a second", subjects, ({ refresh }) => refresh())),
      ...(await compare("film pages a second", subjects, ({ filmPage }) => filmPage())),
    ];
  } finally {
    for (const subject of subjects.values()) await subject.close();
    await receiver.close();
  }
}

function environment(mode: Mode, endpoint: string): Record<string, string> {
  if (mode === "tracing off") return {};
  if (mode === "no tracing code" || mode === "request ids alone") {
    const hooks = mode === "no tracing code" ? "hooks.js" : "hooks.js?ids";
    return { NODE_OPTIONS: `--import=${new URL(`./no-tracing/${hooks}`, import.meta.url).href}` };
  }
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: mode === "1 % sampled" ? "0.01" : "1",
  };
}

async function open(extra: Record<string, string>): Promise<Subject> {
  const ground = await openGround(extra);
  const people = await ground.people(CLIENTS);
  return {
    refresh: () => turn(ground.auth, (client, index) => refreshOnce(client, people[index])),
    filmPage: () => turn(ground.catalog, (client, index) => readOnce(client, people[index])),
    close: () => ground.stop(),
  };
}

/** Connections are opened for each turn: idle ones are closed while the others have theirs. */
async function turn(
  { url, pid }: Service,
  once: (client: Client | undefined, index: number) => Promise<void>,
): Promise<Turn> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Client.open(url)));
  let answered = 0;
  const operation = async (index: number) => {
    await once(clients[index], index);
    answered += 1;
  };
  const before = cpuMs(pid);
  const done = await run({ clients: CLIENTS, seconds: SECONDS, operation });
  const cpuUs = ((cpuMs(pid) - before) / answered) * 1000;
  for (const client of clients) client.close();
  return { ...done, cpuUs };
}

/** Of all its threads, from proc(5)'s schedstat: nanoseconds on a processor, where stat counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const spent = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const [onCpu = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ");
    return Number(onCpu) / 1e6;
  });
  return spent.reduce((sum, ms) => sum + ms, 0);
}

async function refreshOnce(client: Client | undefined, person: Person | undefined): Promise<void> {
  if (client === undefined || person === undefined) throw new Error("nobody");
  const body = `{"refresh_token":"${person.refreshToken}"}`;
  const answer = await client.request("POST", "/v1/sessions/refresh", "", body);
  if (answer.status !== 200) throw new Error(String(answer.status));
  person.refreshToken = /"refresh_token":"([^"]+)"/.exec(answer.body)?.[1] ?? "";
}

async function readOnce(client: Client | undefined, person: Person | undefined): Promise<void> {
  const headers = `authorization: Bearer ${person?.accessToken}\r\n`;
  const answer = await client?.request("GET", "/v1/films/1", headers);
  if (answer?.status !== 200) throw new Error(String(answer?.status));
}

async function compare(
  unit: string,
  subjects: ReadonlyMap<Mode, Subject>,
  measure: (subject: Subject) => Promise<Turn>,
): Promise<Figure[]> {
  const seen = new Map<Mode, Turn[]>(NAMES.map((mode) => [mode, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    // Each round begins with another mode, so that none is always the first after a pause.
    for (let turn = 0; turn < NAMES.length; turn += 1) {
      const mode = NAMES[(round + turn) % NAMES.length] ?? "tracing off";
      const subject = subjects.get(mode);
      if (subject !== undefined) seen.get(mode)?.push(await measure(subject));
    }
  const plain = seen.get("no tracing code") ?? [];
  const failed = [...seen.values()].flat().reduce((sum, { failures }) => sum + failures, 0);
  const figures = NAMES.flatMap((mode): Figure[] => {
    const turns = seen.get(mode) ?? [];
    const values = turns.map(({ perSecond }) => perSecond);
    const target = MODES[mode];
    const cpu = (of: readonly Turn[]) => median(of.map(({ cpuUs }) => cpuUs));
    const absolute = [
      { name: `${unit}, ${mode}`, value: median(values), unit: "/s" },
      { name: `processor time each, ${mode}`, value: cpu(turns), unit: "µs" },
    ];
    if (mode === "no tracing code") return absolute;
    const ratio = median(values.map((value, round) => value / (plain[round]?.perSecond ?? Number.NaN)));
    return [
      ...absolute,
      { name: `no tracing code ÷ ${mode}, by processor time`, value: cpu(plain) / cpu(turns), unit: "" },
      {
        name: `${mode} ÷ no tracing code`,
        value: ratio,
        unit: "",
        ...(target === undefined ? {} : { target: { atLeast: target } }),
      },
    ];
  });
  return [...figures, { name: "failed requests", value: failed, unit: "", target: { atMost: 0 } }];
}
