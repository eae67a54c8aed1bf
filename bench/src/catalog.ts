import { Client } from "./client.ts";
import { openGround } from "./ground.ts";
import { inTurn, median, run } from "./load.ts";
import type { Figure } from "./report.ts";

const CLIENTS = 8;
const SECONDS = 5;
const ROUNDS = 3;

/** Film pages a second for a signed-in caller ÷ for a guest: what knowing the caller costs. */
export async function benchCatalog(): Promise<Figure[]> {
  const ground = await openGround();
  try {
    const [person] = await ground.people(1);
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Client.open(ground.catalog.url)));
    const ids = await filmIds(clients[0]);
    let turn = 0;
    const pages = (headers: string) => () =>
      run({
        clients: CLIENTS,
        seconds: SECONDS,
        operation: async (client) => {
          turn += 1;
          const { status } = (await clients[client]?.request(
            "GET",
            `/v1/films/${ids[turn % ids.length]}`,
            headers,
          )) ?? { status: 0 };
          if (status !== 200) throw new Error(String(status));
        },
      });
    const { a, b } = await inTurn(
      ROUNDS,
      pages(`authorization: Bearer ${person?.accessToken}\r\n`),
      pages(""),
    );
    for (const client of clients) client.close();
    const ratios = a.map(({ perSecond }, round) => perSecond / (b[round]?.perSecond ?? Number.NaN));
    return [
      {
        name: "film pages a second, signed in",
        value: median(a.map(({ perSecond }) => perSecond)),
        unit: "/s",
      },
      { name: "film pages a second, guest", value: median(b.map(({ perSecond }) => perSecond)), unit: "/s" },
      { name: "signed in ÷ guest", value: median(ratios), unit: "", target: { atLeast: 0.85 } },
      {
        name: "failed pages",
        value: [...a, ...b].reduce((sum, { failures }) => sum + failures, 0),
        unit: "",
        target: { atMost: 0 },
      },
    ];
  } finally {
    await ground.stop();
  }
}

async function filmIds(client: Client | undefined): Promise<readonly number[]> {
  const { body } = (await client?.request("GET", "/v1/films?page_size=100", "")) ?? { body: "{}" };
  return (JSON.parse(Buffer.from(body, "latin1").toString("utf8")) as { items: { id: number }[] }).items.map(
    ({ id }) => id,
  );
}
