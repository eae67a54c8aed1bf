import { FaultProxy } from "@kinopass/guard/testing";
import { freePort } from "@kinopass/stand/ports";
import { Client } from "./client.ts";
import { type Ground, openGround, type Person } from "./ground.ts";
import type { Figure } from "./report.ts";

const CLIENTS = 8;
const VIEWERS = 16;
const DEFAULT_REQUESTS = 100_000;
/** Access tokens live ten minutes; long counts take longer. */
const RENEW_MS = 4 * 60_000;

/**
 * What Auth hears while the catalog serves signed-in viewers: as much as while it serves nobody. The
 * catalog reaches Auth through a proxy that reads the request lines; sign-ups and refreshes of the
 * viewers go past it. `auth-load=1000000` sets the number of requests.
 */
export async function benchAuthLoad(parameter?: string): Promise<Figure[]> {
  const requests = parameter === undefined ? DEFAULT_REQUESTS : Number(parameter);
  if (!Number.isInteger(requests) || requests < 1_000 || requests > 10_000_000)
    throw new Error("auth-load=N takes a whole number from 1,000 to 10,000,000");
  const authPort = await freePort();
  let heard = 0;
  const proxy = await FaultProxy.listen({
    port: authPort,
    onAsked: (bytes) => {
      if (/^[A-Z]+ \S+ HTTP\/1/.test(bytes.toString("latin1", 0, 300))) heard += 1;
    },
  });
  const ground = await openGround({ AUTH_PORT: String(authPort), AUTH_URL: proxy.url });
  try {
    // The guard has read keys and the feed by now: a proxy that saw nothing of it was gone round.
    if (heard === 0) throw new Error("the catalog does not reach Auth through the proxy");
    const people = await ground.people(VIEWERS);
    const few = await serve(ground, people, Math.round(requests / 10), () => heard);
    const many = await serve(ground, people, requests, () => heard);
    return figures(few, many);
  } finally {
    await ground.stop();
    await proxy.close();
  }
}

interface Served {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  readonly atAuth: number;
}

function figures(few: Served, many: Served): Figure[] {
  // One fetch of keys in five minutes, and a feed that may have to connect again.
  const most = 3 + Math.ceil(many.seconds / 60);
  return [
    { name: "signed-in requests served", value: many.requests, unit: "" },
    { name: "signed-in requests a second", value: many.requests / many.seconds, unit: "/s" },
    { name: "failed", value: few.failures + many.failures, unit: "", target: { atMost: 0 } },
    { name: `requests at Auth, ${few.requests.toLocaleString("en")} served`, value: few.atAuth, unit: "" },
    {
      name: `requests at Auth, ${many.requests.toLocaleString("en")} served`,
      value: many.atAuth,
      unit: "",
      target: { atMost: most },
    },
    { name: "requests at Auth a minute", value: (many.atAuth * 60) / many.seconds, unit: "/min" },
  ];
}

async function serve(
  ground: Ground,
  people: readonly Person[],
  requests: number,
  heard: () => number,
): Promise<Served> {
  const film = await demandMember(ground, people[0]);
  const renewing = setInterval(() => {
    for (const person of people) void renew(ground, person);
  }, RENEW_MS);
  const before = heard();
  const began = performance.now();
  let [sent, failures] = [0, 0];
  try {
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const client = await Client.open(ground.catalog.url);
        while (sent < requests) {
          sent += 1;
          const token = people[sent % people.length]?.accessToken ?? "";
          const { status } = await client.request(
            "GET",
            `/v1/films/${film}`,
            `authorization: Bearer ${token}\r\n`,
          );
          if (status !== 200) failures += 1;
        }
        client.close();
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    return { requests: sent, failures, seconds, atAuth: heard() - before };
  } finally {
    clearInterval(renewing);
  }
}

/** A film that the viewer may play: an open page answers guests too, so playing shows that the viewer is known. */
async function demandMember({ catalog }: Ground, person: Person | undefined): Promise<number> {
  const page = await fetch(`${catalog.url}/v1/films?sort=-rating&page_size=100`);
  const { items } = (await page.json()) as { items: { id: number; access: string }[] };
  const film = items.find(({ access }) => access === "free")?.id ?? 0;
  const { status } = await fetch(`${catalog.url}/v1/films/${film}/playback`, {
    method: "POST",
    headers: { authorization: `Bearer ${person?.accessToken}` },
  });
  if (status !== 201) throw new Error(`the catalog does not know the viewer: ${status}`);
  return film;
}

async function renew({ auth }: Ground, person: Person): Promise<void> {
  const answer = await fetch(`${auth.url}/v1/sessions/refresh`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ refresh_token: person.refreshToken }),
  });
  const { access_token, refresh_token } = (await answer.json()) as Record<string, string>;
  if (access_token === undefined || refresh_token === undefined) return;
  person.accessToken = access_token;
  person.refreshToken = refresh_token;
}
