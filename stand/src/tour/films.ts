import { type Answer, Surprise } from "./show.ts";

/** A film of that access and one of those ratings, as a guest would find it. */
export async function pick(catalog: string, access: string, ratings: readonly number[]): Promise<number> {
  const sort = access === "subscriber" ? "-year" : "-rating";
  let cursor = "";
  for (let page = 0; page < 20; page += 1) {
    const answer = await fetch(`${catalog}/v1/films?sort=${sort}&page_size=100${cursor}`, {
      signal: AbortSignal.timeout(10_000),
    });
    const { items = [], next_cursor } = (await answer.json()) as Answer;
    const film = items.find(
      (item) => item["access"] === access && ratings.includes(Number(item["age_rating"])),
    );
    if (film !== undefined) return Number(film["id"]);
    if (typeof next_cursor !== "string") break;
    cursor = `&cursor=${next_cursor}`;
  }
  throw new Surprise(`The catalog has no ${access} film rated ${ratings.join(", ")}`);
}

/** Waits for the revocation to arrive, a second at most. */
export async function untilEnded(url: string, token: string): Promise<void> {
  const deadline = performance.now() + 1_000;
  while (performance.now() < deadline) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    if (answer.status === 401) return;
    await new Promise((next) => setTimeout(next, 50));
  }
}
