import { type Ground, openGround, type Person } from "./ground.ts";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";

const ROUNDS = 5;
const MOST_MS = 5_000;

interface Starts {
  readonly readyMs: readonly number[];
  /** Of the first requests after each start, those whose viewer was known. */
  readonly known: number;
}

/**
 * How soon a restarted catalog serves, and whether it knows its viewers at once, with Auth well, frozen (it takes
 * connections and says nothing) and dead. Keys and revocations are on its disk.
 */
export async function benchColdStart(): Promise<Figure[]> {
  const ground = await openGround();
  try {
    const [viewer] = await ground.people(1);
    if (viewer === undefined) throw new Error("nobody signed up");
    const well = await starts(ground, viewer, null);
    process.kill(ground.auth.pid, "SIGSTOP");
    const frozen = await starts(ground, viewer, "stale").finally(() =>
      process.kill(ground.auth.pid, "SIGCONT"),
    );
    process.kill(ground.auth.pid, "SIGKILL");
    await ground.auth.ended;
    const dead = await starts(ground, viewer, "stale");
    return [
      { name: "catalog ready, Auth well", value: median(well.readyMs), unit: "ms" },
      slowest("catalog ready at the latest, Auth frozen", frozen),
      slowest("catalog ready at the latest, Auth dead", dead),
      {
        name: `viewers known by their first request, of ${3 * ROUNDS} starts`,
        value: well.known + frozen.known + dead.known,
        unit: "",
        target: { atLeast: 3 * ROUNDS },
      },
    ];
  } finally {
    await ground.stop();
  }
}

async function starts(ground: Ground, viewer: Person, certainty: string | null): Promise<Starts> {
  const readyMs: number[] = [];
  let known = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const catalog = await ground.catalogAgain();
    readyMs.push(catalog.readyMs);
    if (await knows(catalog.url, viewer, certainty)) known += 1;
  }
  return { readyMs, known };
}

/** Only members may play, so playing shows that the token was verified. */
async function knows(catalog: string, viewer: Person, certainty: string | null): Promise<boolean> {
  const page = await fetch(`${catalog}/v1/films?sort=-rating&page_size=100`);
  const { items } = (await page.json()) as { items: { id: number; access: string }[] };
  const film = items.find(({ access }) => access === "free")?.id ?? 0;
  const answer = await fetch(`${catalog}/v1/films/${film}/playback`, {
    method: "POST",
    headers: { authorization: `Bearer ${viewer.accessToken}` },
  });
  return answer.status === 201 && answer.headers.get("x-auth-certainty") === certainty;
}

function slowest(name: string, { readyMs }: Starts): Figure {
  return { name, value: Math.max(...readyMs), unit: "ms", target: { atMost: MOST_MS } };
}
