import { readdirSync, readFileSync } from "node:fs";
import type { Service } from "@kinopass/stand/services";
import { Client } from "./client.ts";
import type { Person } from "./ground.ts";
import { loop, type Run } from "./load.ts";

/** What each service is measured by. */
export const OPERATIONS = {
  auth: { unit: "refresh", once: refreshOnce },
  catalog: { unit: "film page", once: readOnce },
} as const;

export interface Turn extends Run {
  /** Processor time of the service, in microseconds for each request. */
  readonly cpuUs: number;
}

export type Once = (client: Client, person: Person) => Promise<void>;

/** Connections are opened for each turn: idle ones are closed while the others have theirs. */
export async function turn(
  { url, pid }: Service,
  people: readonly Person[],
  once: Once,
  seconds: number,
): Promise<Turn> {
  const clients = await Promise.all(people.map(() => Client.open(url)));
  let answered = 0;
  const operation = async (index: number) => {
    const [client, person] = [clients[index], people[index]];
    if (client === undefined || person === undefined) throw new Error("nobody");
    await once(client, person);
    answered += 1;
  };
  const before = cpuMs(pid);
  const done = await loop(clients.length, seconds, operation);
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

async function refreshOnce(client: Client, person: Person): Promise<void> {
  const body = `{"refresh_token":"${person.refreshToken}"}`;
  const answer = await client.request("POST", "/v1/sessions/refresh", "", body);
  if (answer.status !== 200) throw new Error(String(answer.status));
  person.refreshToken = /"refresh_token":"([^"]+)"/.exec(answer.body)?.[1] ?? "";
}

async function readOnce(client: Client, person: Person): Promise<void> {
  const headers = `authorization: Bearer ${person.accessToken}\r\n`;
  const answer = await client.request("GET", "/v1/films/1", headers);
  if (answer.status !== 200) throw new Error(String(answer.status));
}
