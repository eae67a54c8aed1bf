import { Client } from "./client.ts";
import { openGround, type Person } from "./ground.ts";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";

const PEOPLE = 30;
const GIVE_UP_MS = 20_000;

/** From Auth's answer to a sign-out until the catalog refuses the access token of that session. */
export async function benchRevocation(): Promise<Figure[]> {
  const ground = await openGround();
  try {
    const people = await ground.people(PEOPLE);
    const auth = await Client.open(ground.auth.url);
    const catalog = await Client.open(ground.catalog.url);
    const took: number[] = [];
    for (const person of people) took.push(await signOut(auth, catalog, person));
    auth.close();
    catalog.close();
    return [
      { name: "a session's end reaches the catalog, median of 30", value: median(took), unit: "ms" },
      {
        name: "a session's end reaches the catalog, slowest of 30",
        value: Math.max(...took),
        unit: "ms",
        target: { atMost: 1_000 },
      },
    ];
  } finally {
    await ground.stop();
  }
}

async function signOut(auth: Client, catalog: Client, { accessToken }: Person): Promise<number> {
  const headers = `authorization: Bearer ${accessToken}\r\n`;
  // Whatever film: a viewer who is known is told 201, 403 or 404, and one who is not 401.
  const play = async () => (await catalog.request("POST", "/v1/films/1/playback", headers)).status;
  const before = await play();
  if (before === 401) throw new Error("the catalog does not know the viewer");
  const { status } = await auth.request("DELETE", "/v1/sessions/current", headers);
  if (status !== 204) throw new Error(`Auth answered ${status} to a sign-out`);
  const began = performance.now();
  while (performance.now() - began < GIVE_UP_MS) if ((await play()) === 401) return performance.now() - began;
  throw new Error("the catalog never heard of a sign-out");
}
