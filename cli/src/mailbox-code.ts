const LETTER_MS = 15_000;
const LOOK_AGAIN_MS = 100;

/** The code in the newest letter to this address in a stand's mailbox; undefined if none comes within 15 seconds. */
export async function codeFromMailbox(stand: string, email: string): Promise<string | undefined> {
  const deadline = performance.now() + LETTER_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${stand}/mailbox.json?to=${encodeURIComponent(email)}`, {
      signal: AbortSignal.timeout(5_000),
    });
    const [letter] = (await answer.json()) as { code: string | null }[];
    if (letter?.code != null) return letter.code;
    await new Promise((next) => setTimeout(next, LOOK_AGAIN_MS));
  }
  return undefined;
}
