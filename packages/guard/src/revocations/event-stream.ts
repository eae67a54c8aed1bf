/** One thing the stream said. A heartbeat is a comment line. */
export type StreamItem =
  | { readonly kind: "event"; readonly type: string; readonly id: string | undefined; readonly data: string }
  | { readonly kind: "heartbeat" };

export class StreamRefused extends Error {
  override readonly name = "StreamRefused";
}

/** Auth answered and does not let us listen: our credential is at fault, and Auth is not away. */
export class CredentialRefused extends Error {
  override readonly name = "CredentialRefused";
}

const MAX_EVENT_CHARACTERS = 16 * 1024;

/**
 * Server-sent events (WHATWG HTML §9.2.6) as they complete. `retry` is left alone: when to come back is
 * ours to decide. An event that the end of the stream cuts off is not one.
 *
 * @throws StreamRefused for an event longer than 16 KiB: an endless line must not become memory.
 */
export class EventStream {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #rest = "";
  #type = "";
  #id: string | undefined;
  #data: string[] = [];
  #held = 0;

  push(chunk: Uint8Array): StreamItem[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?=[^\n])/);
    this.#rest = lines.pop() ?? "";
    const items: StreamItem[] = [];
    for (const line of lines) {
      const item = this.#line(line);
      if (item !== undefined) items.push(item);
    }
    if (this.#rest.length + this.#held > MAX_EVENT_CHARACTERS) throw new StreamRefused("event too long");
    return items;
  }

  #line(line: string): StreamItem | undefined {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return { kind: "heartbeat" };
    this.#held += line.length;
    if (this.#held > MAX_EVENT_CHARACTERS) throw new StreamRefused("event too long");
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "event") this.#type = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch(): StreamItem | undefined {
    const item: StreamItem = {
      kind: "event",
      type: this.#type || "message",
      id: this.#id,
      data: this.#data.join("\n"),
    };
    const empty = this.#type === "" && this.#data.length === 0 && this.#id === undefined;
    this.#type = "";
    this.#data = [];
    this.#id = undefined;
    this.#held = 0;
    return empty ? undefined : item;
  }
}
