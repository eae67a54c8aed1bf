import { connect, type Socket } from "node:net";

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** The service closes the connection after this answer, as it does after some thousand requests. */
  readonly last: boolean;
}

const DEADLINE_MS = 20_000;

/**
 * One kept-alive connection that speaks just enough HTTP/1.1 for a measurement. The load generator
 * shares the machine with what it measures, so every microsecond it does not take counts.
 */
export class Client {
  readonly #socket: Socket;
  readonly #host: string;
  #buffer = "";
  #waiting: { readonly done: (reply: Reply) => void; readonly fail: (error: Error) => void } | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true).setEncoding("latin1").setTimeout(DEADLINE_MS);
    socket.on("data", (text: string) => this.#read(text));
    socket.on("timeout", () => socket.destroy(new Error("no answer")));
    socket.on("error", (error) => this.#waiting?.fail(error));
    socket.on("close", () => this.#waiting?.fail(new Error("the connection was closed")));
  }

  static async open(url: string): Promise<Client> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((ready, fail) => socket.once("connect", ready).once("error", fail));
    return new Client(socket, host);
  }

  request(method: string, path: string, headers: string, body = ""): Promise<Reply> {
    const length =
      body === "" ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    if (this.#socket.destroyed) return Promise.reject(new Error("the connection was closed"));
    return new Promise<Reply>((done, fail) => {
      this.#waiting = { done, fail };
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${headers}${length}\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
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
    waiting?.done({ status: Number(head.slice(9, 12)), body, last: /\r\nconnection: close/i.test(head) });
  }
}
