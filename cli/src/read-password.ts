import type { Io } from "./io.ts";
import { Refused, UsageError } from "./io.ts";

const MOST_BYTES = 4096;

/**
 * A password from the terminal, unseen and typed twice, or, where `fromStdin`, the first line of
 * standard input. Never from an argument: those stand in the history of the shell and in `ps`.
 */
export async function readPassword(io: Io, fromStdin: boolean): Promise<string> {
  if (fromStdin) return await readLine(io);
  if (io.stdin.isTTY !== true)
    throw new UsageError(
      "There is no terminal to ask for the password. Pipe it in and add --password-stdin.",
    );
  const keyboard = new SilentKeyboard(io);
  try {
    const password = await keyboard.ask("Password (not shown): ");
    const again = await keyboard.ask("The same once more:   ");
    if (password !== again) throw new Refused("The two are not the same. Try again.");
    return password;
  } finally {
    keyboard.close();
  }
}

async function readLine({ stdin }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (bytes.includes(10) || size > MOST_BYTES) break;
  }
  const [line = ""] = Buffer.concat(chunks).toString("utf8").split("\n");
  const password = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (password === "" || size > MOST_BYTES)
    throw new UsageError("Standard input has no password. Pipe it in: kinopass … --password-stdin < file");
  return password;
}

/** Reads lines with the terminal's echo off. Enter ends one, Backspace takes back, Ctrl-C gives up. */
class SilentKeyboard {
  readonly #io: Io;
  readonly #decoder = new TextDecoder();
  #typed: string[] = [];
  /** Lines nobody has asked for yet: people type, and paste, ahead. */
  #lines: string[] = [];
  #waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  #givenUp = false;

  constructor(io: Io) {
    this.#io = io;
    io.stdin.setRawMode?.(true);
    io.stdin.on("data", this.#onData);
    io.stdin.resume();
  }

  async ask(question: string): Promise<string> {
    const { stderr } = this.#io;
    stderr.write(question);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting = { resolve, reject };
    this.#serve();
    return await promise.finally(() => stderr.write("\n"));
  }

  close(): void {
    const { stdin } = this.#io;
    stdin.off("data", this.#onData);
    stdin.setRawMode?.(false);
    stdin.pause();
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    const text = typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true });
    for (const sign of text) this.#take(sign);
    this.#serve();
  };

  #take(sign: string): void {
    if (sign === "\u0003" || sign === "\u0004") this.#givenUp = true;
    else if (sign === "\r" || sign === "\n") this.#lines.push(this.#typed.splice(0).join(""));
    else if (sign === "\u007f" || sign === "\b") this.#typed.pop();
    else if (sign >= " ") this.#typed.push(sign);
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const line = this.#lines.shift();
    if (line === undefined && !this.#givenUp) return;
    this.#waiting = undefined;
    if (line === undefined) waiting.reject(new Refused("Given up; nothing was changed."));
    else waiting.resolve(line);
  }
}
