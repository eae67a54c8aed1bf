import { Readable } from "node:stream";
import type { FeedStart, RevocationFeed } from "./feed.ts";
import type { RevocationRow } from "./queries.ts";
import { securityEventOf } from "./security-event.ts";

const HEARTBEAT_MS = 5_000;
/** A listener that does not read is cut; it comes back with its cursor and loses nothing. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

interface Names {
  readonly issuer: string;
  readonly audience: string;
}

/** What a service hears: the beginning (snapshot or what it missed), then every revocation as it happens. */
export function eventStream(feed: RevocationFeed, after: string | undefined, names: Names): Readable {
  const later = new Later();
  // What is known is taken now, in the same step that begins to listen; only the telling takes its time.
  const beginning = tellBeginning(feed.begin(after), names);
  // As fast as it is read and no faster: a snapshot may be larger than what may wait.
  const stream = new Readable({
    read() {
      if (later.open) return;
      for (let next = beginning.next(); !next.done; next = beginning.next())
        if (!stream.push(next.value)) return;
      later.begin(stream);
    },
  });
  const stopListening = feed.listen((item) =>
    later.say(stream, item.kind === "keys" ? frame("keys", "{}") : revocation(item.row, names)),
  );
  const heartbeat = setInterval(() => {
    // Silence says that we do not know; a heartbeat says that there is nothing new.
    if (feed.isFresh) later.say(stream, ": nothing new\n\n");
  }, HEARTBEAT_MS).unref();
  stream.once("close", () => {
    clearInterval(heartbeat);
    stopListening();
  });
  return stream;
}

function* tellBeginning({ whole, rows, cursor }: FeedStart, names: Names): Generator<string, void> {
  yield "retry: 1000\n\n";
  if (whole) yield frame("snapshot-begin", "{}");
  for (const row of rows) yield revocation(row, names);
  yield frame("snapshot-end", "{}", cursor);
}

/** What happens during the beginning is told after it: its ids as cursors would skip what is not told yet. */
class Later {
  readonly #waiting: string[] = [];
  #waitingBytes = 0;
  open = false;

  begin(stream: Readable): void {
    this.open = true;
    for (const text of this.#waiting.splice(0)) stream.push(text);
  }

  say(stream: Readable, text: string): void {
    if (stream.destroyed) return;
    if (this.open) stream.push(text);
    else {
      this.#waiting.push(text);
      this.#waitingBytes += text.length;
    }
    const bytes = this.open ? stream.readableLength : this.#waitingBytes;
    if (bytes > MOST_WAITING_BYTES) stream.destroy(new Error("the listener does not read"));
  }
}

function revocation(row: RevocationRow, names: Names): string {
  return frame("revocation", JSON.stringify(securityEventOf(row, names)), row.id);
}

/** One event of a text/event-stream (WHATWG HTML §9.2). */
function frame(event: string, data: string, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
