import { connect, type Socket } from "node:net";

export interface Reply {
  readonly status: number;
  readonly body: string;
}

const DEADLINE_MS = 20_000;
const READ_BYTES = 16_384;

/**
 * One kept-alive connection that speaks just enough HTTP/1.1 for a measurement, and a new one where the service
 * ends it, as it does after some thousand requests. The load generator shares the machine with what it measures,
 * so every microsecond it does not take counts.
 */
export class Client {
  readonly #address: { readonly hostname: string; readonly port: number; readonly host: string };
  #socket: Socket | undefined;
  #buffer = "";
  #waiting: { readonly done: (reply: Reply) => void; readonly fail: (error: Error) => void } | undefined;

  private constructor({ hostname, port, host }: URL) {
    this.#address = { hostname, port: Number(port), host };
  }

  static async open(url: string): Promise<Client> {
    const client = new Client(new URL(url));
    client.#socket = await client.#connect();
    return client;
  }

  request(method: string, path: string, headers: string, body = ""): Promise<Reply> {
    if (this.#socket?.writable === true) return this.#ask(this.#socket, { method, path, headers, body });
    return this.#connect().then((socket) => {
      this.#socket = socket;
      return this.#ask(socket, { method, path, headers, body });
    });
  }

  #ask(
    socket: Socket,
    { method, path, headers, body }: Readonly<Record<"method" | "path" | "headers" | "body", string>>,
  ): Promise<Reply> {
    const length =
      body === "" ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise<Reply>((done, fail) => {
      this.#waiting = { done, fail };
      socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: ${this.#address.host}\r\n${headers}${length}\r\n${body}`,
      );
    });
  }

  async #connect(): Promise<Socket> {
    const { hostname: host, port } = this.#address;
    // Read into one buffer and past the stream: what a stream does with each piece costs as much as reading it.
    const buffer = Buffer.alloc(READ_BYTES);
    const callback = (bytes: number) => {
      this.#read(buffer.toString("latin1", 0, bytes));
      return true;
    };
    const socket = connect({ host, port, onread: { buffer, callback } });
    await new Promise<void>((ready, fail) => socket.once("connect", ready).once("error", fail));
    this.#buffer = "";
    socket.setNoDelay(true).setTimeout(DEADLINE_MS);
    socket.on("timeout", () => socket.destroy(new Error("no answer")));
    socket.on("error", (error) => this.#lost(socket, error));
    socket.on("close", () => this.#lost(socket, new Error("the connection was closed")));
    return socket;
  }

  #lost(socket: Socket, error: Error): void {
    if (socket === this.#socket) this.#waiting?.fail(error);
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket?.destroy();
  }

  #read(text: string): void {
    this.#buffer += text;
    const end = this.#buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#buffer.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#buffer.length < end + 4 + length) return;
    const body = this.#buffer.slice(end + 4, end + 4 + length);
    this.#buffer = this.#buffer.slice(end + 4 + length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (/\r\nconnection: close/i.test(head)) this.#socket?.destroy();
    waiting?.done({ status: Number(head.slice(9, 12)), body });
  }
}
