import { Readable } from "node:stream";
import type { FeedItem, RevocationFeed } from "./feed.ts";
import { securityEventOf } from "./security-event.ts";

const HEARTBEAT_MS = 5_000;
/** A listener that does not read is cut; it comes back with its cursor and loses nothing. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** What a service hears: the beginning (snapshot or what it missed), then every revocation as it happens. */
export function eventStream(
  feed: RevocationFeed,
  after: string | undefined,
  names: { issuer: string; audience: string },
): Readable {
  const stream = new Readable({ read() {} });
  const write = (text: string) => {
    if (stream.destroyed) return;
    stream.push(text);
    if (stream.readableLength > MOST_WAITING_BYTES) stream.destroy(new Error("the listener does not read"));
  };
  const tell = (item: FeedItem) =>
    write(item.kind === "keys" ? frame("keys", "{}") : revocation(item, names));
  const stopListening = feed.listen(tell);
  const heartbeat = setInterval(() => {
    // Silence says that we do not know; a heartbeat says that there is nothing new.
    if (feed.isFresh) write(": nothing new\n\n");
  }, HEARTBEAT_MS).unref();
  stream.once("close", () => {
    clearInterval(heartbeat);
    stopListening();
  });

  const { whole, rows, cursor } = feed.begin(after);
  write("retry: 1000\n\n");
  if (whole) write(frame("snapshot-begin", "{}"));
  for (const row of rows) write(revocation({ kind: "revocation", row }, names));
  write(frame("snapshot-end", "{}", cursor));
  return stream;
}

function revocation(
  { row }: Extract<FeedItem, { kind: "revocation" }>,
  names: { issuer: string; audience: string },
): string {
  return frame("revocation", JSON.stringify(securityEventOf(row, names)), row.id);
}

/** One event of a text/event-stream (WHATWG HTML §9.2). */
function frame(event: string, data: string, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
