import type { Service } from "@kinopass/stand/services";
import { Client } from "./client.ts";
import { openGround, type Person } from "./ground.ts";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";

const PEOPLE = 30;
const GIVE_UP_MS = 20_000;

/**
 * From an Auth's answer to a sign-out until catalogs refuse the access token of that session. Two replicas of
 * Auth share the data; each has a catalog that follows it; people sign out at one and the other in turn.
 */
export async function benchRevocation(): Promise<Figure[]> {
  const ground = await openGround();
  const more: Service[] = [];
  try {
    const auth = await ground.another("auth", {});
    more.push(auth);
    const second = { auth, catalog: await ground.another("catalog", { AUTH_URL: auth.url }) };
    more.push(second.catalog);
    const people = await ground.people(PEOPLE);
    const auths = await Promise.all([ground.auth, second.auth].map(({ url }) => Client.open(url)));
    const catalogs = await Promise.all([ground.catalog, second.catalog].map(({ url }) => Client.open(url)));
    const [own, other]: [number[], number[]] = [[], []];
    for (const [turn, person] of people.entries()) {
      const at = turn % auths.length;
      const took = await signOut(auths[at] as Client, catalogs, person);
      for (const [place, ms] of took.entries()) (place === at ? own : other).push(ms);
    }
    for (const client of [...auths, ...catalogs]) client.close();
    return [
      ...figures("the catalog that follows this replica of Auth", own),
      ...figures("the catalog that follows another", other),
    ];
  } finally {
    await Promise.all(more.map((service) => service.stop()));
    await ground.stop();
  }
}

function figures(whom: string, took: readonly number[]): Figure[] {
  const of = (what: string) => `a session's end reaches ${whom}, ${what} of ${took.length}`;
  return [
    { name: of("median"), value: median(took), unit: "ms" },
    { name: of("slowest"), value: Math.max(...took), unit: "ms", target: { atMost: 1_000 } },
  ];
}

/** Milliseconds for each catalog. */
async function signOut(
  auth: Client,
  catalogs: readonly Client[],
  { accessToken }: Person,
): Promise<number[]> {
  const headers = `authorization: Bearer ${accessToken}\r\n`;
  // Whatever film: a viewer who is known is told 201, 403 or 404, and one who is not 401.
  const play = async (catalog: Client) =>
    (await catalog.request("POST", "/v1/films/1/playback", headers)).status;
  const before = await Promise.all(catalogs.map(play));
  if (before.includes(401)) throw new Error("a catalog does not know the viewer");
  const { status } = await auth.request("DELETE", "/v1/sessions/current", headers);
  if (status !== 204) throw new Error(`Auth answered ${status} to a sign-out`);
  const began = performance.now();
  return await Promise.all(
    catalogs.map(async (catalog) => {
      while (performance.now() - began < GIVE_UP_MS)
        if ((await play(catalog)) === 401) return performance.now() - began;
      throw new Error("a catalog never heard of a sign-out");
    }),
  );
}
