import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What is wrong between a caller and a service. Applies to open connections and new ones alike. */
export type Fault =
  | { readonly kind: "none" }
  /** Nobody listens. Connections are refused at once. */
  | { readonly kind: "refuse" }
  /** Connections are taken and nothing comes back, ever. */
  | { readonly kind: "blackhole" }
  /** Every piece of the answer comes this much later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The answer comes at this pace, in slices. */
  | { readonly kind: "throttle"; readonly bytesPerSecond: number }
  /** The connection ends properly after so many bytes of answer. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The connection is reset (RST) after so many bytes of answer. */
  | { readonly kind: "reset"; readonly bytes: number };

const SLICE_MS = 100;
/** More than any drill needs; a proxy that is flooded is a mistake of the test. */
const MAX_CONNECTIONS = 10_000;

type Ear = (bytes: Buffer) => void;

/** A TCP proxy on loopback that can be told to misbehave while connections are open. Knows nothing of HTTP. */
export class FaultProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #onAsked: (bytes: Buffer) => void;
  #fault: Fault = { kind: "none" };
  #port = 0;
  #accepted = 0;

  private constructor({ onAsked = () => {}, ...target }: { host: string; port: number; onAsked?: Ear }) {
    this.#target = target;
    this.#onAsked = onAsked;
    this.#server = createServer((client) => this.#accept(client));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens on a free port of 127.0.0.1. `onAsked` hears what callers send, whatever the fault. */
  static async listen(target: {
    readonly host?: string;
    readonly port: number;
    readonly onAsked?: Ear;
  }): Promise<FaultProxy> {
    const proxy = new FaultProxy({ host: "127.0.0.1", ...target });
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Connections taken since the beginning. */
  get accepted(): number {
    return this.#accepted;
  }

  get fault(): Fault {
    return this.#fault;
  }

  async set(fault: Fault): Promise<void> {
    const refused = this.#fault.kind === "refuse";
    this.#fault = fault;
    if (fault.kind === "refuse" && !refused) {
      const closed = once(this.#server, "close");
      this.#server.close();
      this.cut();
      await closed;
    } else if (fault.kind !== "refuse" && refused) {
      await this.#listen();
    }
    for (const link of this.#links) link.faultChanged();
  }

  /** Resets every open connection once; new ones are as the fault says. */
  cut(): void {
    for (const link of this.#links) link.reset();
  }

  async close(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    const upstream = connect({ ...this.#target, noDelay: true });
    client.on("data", this.#onAsked);
    const link = new Link(client, upstream, () => this.#fault);
    this.#links.add(link);
    client.once("close", () => this.#links.delete(link));
  }
}

/** One connection through the proxy. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #fault: () => Fault;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Pieces of the answer in order; `undefined` is its end. */
  readonly #pending: { readonly chunk: Buffer | undefined; readonly at: number }[] = [];
  #answered = 0;
  #nextSliceAt = 0;
  #broken = false;

  constructor(client: Socket, upstream: Socket, fault: () => Fault) {
    this.#client = client;
    this.#upstream = upstream;
    this.#fault = fault;
    client.setNoDelay(true);
    client.on("data", (chunk) => {
      if (fault().kind !== "blackhole") upstream.write(chunk);
    });
    client.on("end", () => upstream.end());
    client.on("error", () => this.#close());
    client.on("close", () => this.#close());
    upstream.on("data", (chunk) => this.#answer(chunk));
    upstream.on("end", () => this.#answer(undefined));
    upstream.on("error", () => this.reset());
  }

  reset(): void {
    if (!this.#client.destroyed) this.#client.resetAndDestroy();
    this.#close();
  }

  faultChanged(): void {
    if (this.#fault().kind !== "blackhole") this.#later(0);
  }

  #answer(chunk: Buffer | undefined): void {
    const fault = this.#fault();
    const wait = fault.kind === "delay" ? fault.ms : 0;
    this.#pending.push({ chunk, at: performance.now() + wait });
    this.#later(wait);
  }

  #later(ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#drain();
    }, ms);
    this.#timers.add(timer);
  }

  #drain(): void {
    const fault = this.#fault();
    while (fault.kind !== "blackhole" && !this.#broken && !this.#client.destroyed) {
      const [next] = this.#pending;
      if (next === undefined) return;
      const wait = this.#waitFor(next.at, fault);
      if (wait > 0) {
        this.#later(wait);
        return;
      }
      this.#pending.shift();
      if (next.chunk === undefined) this.#client.end();
      else if (fault.kind === "throttle") this.#slice(next.chunk, fault.bytesPerSecond);
      else this.#write(next.chunk);
    }
  }

  #waitFor(at: number, fault: Fault): number {
    if (fault.kind === "delay") return at - performance.now();
    return fault.kind === "throttle" ? this.#nextSliceAt - performance.now() : 0;
  }

  #slice(chunk: Buffer, bytesPerSecond: number): void {
    const size = Math.max(1, Math.floor((bytesPerSecond * SLICE_MS) / 1000));
    this.#write(chunk.subarray(0, size));
    if (chunk.length > size) this.#pending.unshift({ chunk: chunk.subarray(size), at: 0 });
    this.#nextSliceAt = performance.now() + SLICE_MS;
  }

  #write(chunk: Buffer): void {
    const fault = this.#fault();
    if (fault.kind !== "truncate" && fault.kind !== "reset") {
      this.#client.write(chunk);
      return;
    }
    const left = Math.max(0, fault.bytes - this.#answered);
    this.#answered += chunk.length;
    if (left > 0) this.#client.write(chunk.subarray(0, left));
    if (this.#answered < fault.bytes) return;
    this.#broken = true;
    // What was written must leave before the connection breaks, or the cut would be earlier than asked.
    if (fault.kind === "truncate") this.#client.end(() => this.#close());
    else this.#client.write("", () => this.reset());
  }

  #close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#pending.length = 0;
    this.#upstream.destroy();
    if (!this.#client.destroyed) this.#client.destroySoon();
  }
}
