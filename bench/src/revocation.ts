import { openKeys } from "@kinopass/auth/commands";
import type { Service } from "@kinopass/stand/services";
import { Client } from "./client.ts";
import { type Ground, openGround, type Person } from "./ground.ts";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";

const PEOPLE = 30;
const GIVE_UP_MS = 70_000;

/**
 * From an Auth's answer to a sign-out until catalogs refuse the access token of that session. Two replicas of
 * Auth share the data; each has a catalog that follows it; people sign out at one and the other in turn. At last the
 * signing key is withdrawn, as the console does it when one leaked, and catalogs must refuse what it signed.
 */
export async function benchRevocation(): Promise<Figure[]> {
  const ground = await openGround();
  const more: Service[] = [];
  try {
    const auth = await ground.another("auth", {});
    more.push(auth);
    const second = { auth, catalog: await ground.another("catalog", { AUTH_URL: auth.url }) };
    more.push(second.catalog);
    const [stranger, ...people] = await ground.people(PEOPLE + 1);
    const auths = await Promise.all([ground.auth, second.auth].map(({ url }) => Client.open(url)));
    const catalogs = await Promise.all([ground.catalog, second.catalog].map(({ url }) => Client.open(url)));
    const [own, other]: [number[], number[]] = [[], []];
    for (const [turn, person] of people.entries()) {
      const at = turn % auths.length;
      const took = await signOut(auths[at] as Client, catalogs, person);
      for (const [place, ms] of took.entries()) (place === at ? own : other).push(ms);
    }
    const withdrawn = await withdraw(ground, catalogs, stranger as Person);
    for (const client of [...auths, ...catalogs]) client.close();
    return [
      ...figures("the catalog that follows this replica of Auth", own),
      ...figures("the catalog that follows another", other),
      {
        name: "a withdrawn key is refused by both catalogs after",
        value: Math.max(...withdrawn),
        unit: "ms",
        target: { atMost: 60_000 },
      },
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
  await demandKnown(catalogs, accessToken);
  const { status } = await auth.request("DELETE", "/v1/sessions/current", bearer(accessToken));
  if (status !== 204) throw new Error(`Auth answered ${status} to a sign-out`);
  return await untilRefused(catalogs, accessToken);
}

/** From the end of the command, milliseconds for each catalog. */
async function withdraw(
  { env }: Ground,
  catalogs: readonly Client[],
  { accessToken }: Person,
): Promise<number[]> {
  await demandKnown(catalogs, accessToken);
  const [header = ""] = accessToken.split(".");
  const { kid } = JSON.parse(Buffer.from(header, "base64url").toString()) as { kid: string };
  const keys = openKeys(env);
  try {
    if (!(await keys.withdraw(kid))) throw new Error(`the key ${kid} is not in use`);
  } finally {
    await keys.close();
  }
  return await untilRefused(catalogs, accessToken);
}

/** Whatever film: a viewer who is known is told 201, 403 or 404, and one who is not 401. */
async function isKnown(catalog: Client, accessToken: string): Promise<boolean> {
  const { status } = await catalog.request("POST", "/v1/films/1/playback", bearer(accessToken));
  return status !== 401;
}

async function demandKnown(catalogs: readonly Client[], accessToken: string): Promise<void> {
  const known = await Promise.all(catalogs.map((catalog) => isKnown(catalog, accessToken)));
  if (known.includes(false)) throw new Error("a catalog does not know the viewer");
}

async function untilRefused(catalogs: readonly Client[], accessToken: string): Promise<number[]> {
  const began = performance.now();
  return await Promise.all(
    catalogs.map(async (catalog) => {
      while (performance.now() - began < GIVE_UP_MS)
        if (!(await isKnown(catalog, accessToken))) return performance.now() - began;
      throw new Error("a catalog never heard of it");
    }),
  );
}

function bearer(accessToken: string): string {
  return `authorization: Bearer ${accessToken}\r\n`;
}
