import { bold, dim, green, red } from "../say.ts";

/** A surprise ends the tour: an answer that is not the promised one. */
export class Surprise extends Error {
  override readonly name = "Surprise";
  /** Of the answer, where it was a refusal. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly body?: object;
  readonly token?: string | undefined;
  /** The promised status, and for a refusal its code. */
  readonly expect: number | readonly [number, string];
  readonly language?: "ru";
}

export type Answer = Record<string, unknown> & { readonly items?: readonly Record<string, unknown>[] };

const DEADLINE_MS = 10_000;

export function chapter(title: string): void {
  console.log(`\n${bold(title)}`);
}

export function remark(text: string): void {
  console.log(`  ${dim(text)}`);
}

/** Sends one request, prints it and its answer as a person would want to read them, and checks the promise. */
export async function call({ method = "GET", url, body, token, expect, language }: Call): Promise<Answer> {
  const [status, code] = typeof expect === "number" ? [expect, undefined] : expect;
  const began = performance.now();
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(DEADLINE_MS),
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(language === undefined ? {} : { "accept-language": language }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = (text === "" ? {} : JSON.parse(text)) as Answer;
  const kept = answer.status === status && (code === undefined || json["code"] === code);
  const { pathname, search } = new URL(url);
  const who = token === undefined ? "" : dim("  Authorization: Bearer …");
  console.log(`  ${bold(method.padEnd(6))} ${pathname}${search}${who}`);
  if (body !== undefined) console.log(`         ${dim(brief(body))}`);
  const took = `${Math.round(performance.now() - began)} ms`;
  console.log(`      ${kept ? green("→") : red("→")} ${answer.status} ${brief(json)} ${dim(took)}`);
  if (kept) return json;
  const answered = typeof json["code"] === "string" ? json["code"] : undefined;
  throw new Surprise(
    `${method} ${pathname} answered ${answer.status} ${answered ?? ""}; promised was ${status} ${code ?? ""}`,
    answered,
  );
}

/** One line: long texts and lists shortened, secrets to their first letters. */
function brief(value: object): string {
  const text = JSON.stringify(value, (name, inner: unknown) => {
    if (/token|password|grant$/.test(name) && typeof inner === "string" && name !== "token_type")
      return `${inner.slice(0, 6)}…`;
    if (Array.isArray(inner) && inner.length > 2) return [...inner.slice(0, 2), `… ${inner.length - 2} more`];
    if (typeof inner === "string" && inner.length > 70) return `${inner.slice(0, 69)}…`;
    return inner;
  });
  return text.length > 420 ? `${text.slice(0, 419)}…` : text;
}

export function text(answer: Record<string, unknown>, name: string): string {
  const value = answer[name];
  if (typeof value !== "string") throw new Surprise(`The answer has no text ${name}`);
  return value;
}
