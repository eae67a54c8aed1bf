/**
 * Requests that nobody means well with, made from an OpenAPI document: every operation is asked again and again, each time with
 * something wrong at one or two places, and what it answers is held against what the document promises. Everything follows
 * from a seed, so that what was found once is found again.
 */
import { request } from "node:http";
import { BODIES, HEADERS, NUMBERS, TEXTS, TYPES } from "./hostile-inputs.ts";

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly example?: unknown;
  readonly schema?: { readonly example?: unknown; readonly examples?: readonly unknown[] };
}

interface Media {
  readonly examples?: Readonly<Record<string, unknown>>;
}

export interface HostileRun {
  readonly document: OpenApiDocument;
  /** Where the service listens: http://127.0.0.1:PORT. */
  readonly url: string;
  readonly seed: number;
  /** Requests an operation. */
  readonly rounds: number;
  /** Headers of those who may call; asked anew for each operation, for some calls end what they call with. */
  callers(): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Values that exist, by the name of a path parameter. */
  readonly known?: Readonly<Record<string, string>>;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

interface Came {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Resolves to what was answered against the contract, each with its request; an empty list is as it should be. */
export async function runHostile(run: HostileRun): Promise<{ asked: number; complaints: readonly string[] }> {
  const dice = new Dice(run.seed);
  const complaints: string[] = [];
  let asked = 0;
  for (const [template, operations] of Object.entries(run.document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const callers = [{}, ...(await run.callers())];
      for (let round = 0; round < run.rounds; round += 1) {
        const sent = requestOf(
          dice,
          { method: method.toUpperCase(), template, operation },
          callers,
          run.known ?? {},
        );
        const came = await send(run.url, sent);
        asked += 1;
        const complaint = complaintAbout(operation, method.toUpperCase() === sent.method, came);
        if (complaint !== undefined)
          complaints.push(`${complaint}: ${show(sent)} → ${came.status} ${came.text.slice(0, 300)}`);
      }
    }
  }
  return { asked, complaints };
}

/** Small, and the same on every machine (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(of: number): boolean {
    return this.next() < of;
  }

  one<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)] as T;
  }
}

interface Target {
  readonly method: string;
  readonly template: string;
  readonly operation: Operation;
}

function requestOf(
  dice: Dice,
  { method, template, operation }: Target,
  callers: readonly Readonly<Record<string, string>>[],
  known: Readonly<Record<string, string>>,
): Sent {
  const parameters = operation.parameters ?? [];
  let path = template;
  for (const { name } of parameters.filter((one) => one.in === "path")) {
    const value = dice.chance(0.6) ? (known[name] ?? exampleOf(parameters, name)) : dice.one(TEXTS);
    path = path.replace(`{${name}}`, dice.chance(0.05) ? "%2f" : encode(value));
  }
  const query = queryOf(
    dice,
    parameters.filter((one) => one.in === "query"),
  );
  const { type, body } = bodyOf(dice, operation);
  const headers: Record<string, string> = { ...dice.one(callers) };
  if (type !== undefined) headers["content-type"] = type;
  if (dice.chance(0.1)) headers["content-type"] = dice.one(TYPES);
  if (dice.chance(0.2)) Object.assign(headers, Object.fromEntries([dice.one(HEADERS)]));
  const verb = dice.chance(0.05)
    ? dice.one(["HEAD", "OPTIONS", "TRACE", "PROPFIND", "PUT", "PATCH"])
    : method;
  return { method: verb, path: query === "" ? path : `${path}?${query}`, headers, body };
}

function exampleOf(parameters: readonly Parameter[], name: string): string {
  const { example, schema } = parameters.find((one) => one.name === name) ?? {};
  return String(example ?? schema?.example ?? schema?.examples?.[0] ?? "x");
}

function queryOf(dice: Dice, parameters: readonly Parameter[]): string {
  const parts: string[] = [];
  for (const { name } of parameters) {
    if (dice.chance(0.5)) continue;
    const value = () =>
      dice.chance(0.4)
        ? exampleOf(parameters, name)
        : String(dice.chance(0.3) ? dice.one(NUMBERS) : dice.one(TEXTS));
    parts.push(`${name}=${encode(value())}`);
    if (dice.chance(0.15)) parts.push(`${name}=${encode(value())}`);
    if (dice.chance(0.05)) parts.push(`${name}[a]=1`, `${name}.b=2`);
  }
  if (dice.chance(0.1))
    parts.push(
      dice.one([
        "unknown=1",
        "__proto__=1",
        "constructor[prototype]=1",
        "%00=1",
        "=",
        "&&",
        "%zz",
        "cursor=%",
        "%ff=1",
      ]),
    );
  return parts.join("&");
}

function bodyOf(dice: Dice, { requestBody }: Operation): { type?: string; body: Buffer | undefined } {
  if (requestBody === undefined) {
    if (dice.chance(0.85)) return { body: undefined };
    return { type: "application/json", body: Buffer.from(dice.one(BODIES)) };
  }
  const [type, { example }] = dice.one(Object.entries(requestBody.content));
  if (dice.chance(0.15)) return { type, body: Buffer.from(dice.one(BODIES)) };
  const fields = { ...((example ?? {}) as Record<string, unknown>) };
  for (const name of Object.keys(fields)) {
    if (dice.chance(0.35)) fields[name] = hostileValue(dice);
    else if (dice.chance(0.1)) delete fields[name];
  }
  if (dice.chance(0.1))
    fields[dice.one(["extra", "id", "role", "a\0b", "\ud800", "toString"])] = hostileValue(dice);
  return { type, body: Buffer.from(type.includes("form") ? formOf(fields) : jsonOf(fields)) };
}

function hostileValue(dice: Dice): unknown {
  const kind = dice.next();
  if (kind < 0.6) return dice.one(TEXTS);
  if (kind < 0.8) return `\u0001${dice.one(NUMBERS)}\u0001`;
  return dice.one([
    null,
    true,
    [],
    {},
    [[[]]],
    { a: { b: {} } },
    ["x", "x"],
    { en: "x" },
    Array.from({ length: 600 }, () => 1),
  ]);
}

/** Numbers that JavaScript cannot hold stand between marks until here. */
function jsonOf(fields: object): string {
  return JSON.stringify(fields).replaceAll(/"\\u0001([^"\\]*)\\u0001"/g, "$1");
}

function formOf(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(
      ([name, value]) =>
        `${encode(name)}=${encode(typeof value === "string" ? value : JSON.stringify(value))}`,
    )
    .join("&");
}

/** As encodeURIComponent, for texts that are none too: half a surrogate pair becomes bytes that are no UTF-8. */
function encode(text: string): string {
  return text.isWellFormed()
    ? encodeURIComponent(text)
    : `${encodeURIComponent(text.toWellFormed())}%ed%a0%80`;
}

function send(url: string, { method, path, headers, body }: Sent): Promise<Came> {
  return new Promise((done, failed) => {
    const length =
      body === undefined || headers["transfer-encoding"] !== undefined
        ? {}
        : { "content-length": String(body.length) };
    const asking = request(
      `${url}${path}`,
      { method, headers: { ...headers, ...length }, timeout: 20_000, agent: false },
      (answer) => {
        const type = answer.headers["content-type"] ?? "";
        if (type.startsWith("text/event-stream")) {
          asking.destroy();
          return done({ status: answer.statusCode ?? 0, type, text: "" });
        }
        let text = "";
        answer.setEncoding("utf8").on("data", (part) => (text += part));
        answer.on("end", () => done({ status: answer.statusCode ?? 0, type, text })).on("error", failed);
      },
    );
    asking
      .on("timeout", () => asking.destroy(new Error(`no answer to ${method} ${path}`)))
      .on("error", failed);
    asking.end(body);
  });
}

function complaintAbout(
  operation: Operation,
  asDescribed: boolean,
  { status, type, text }: Came,
): string | undefined {
  if (status >= 500) return "a failure of ours";
  if (!asDescribed) return status >= 100 && status < 500 ? undefined : "no answer";
  if (status >= 400 && !type.startsWith("application/problem+json") && !type.startsWith("text/html"))
    return "no problem document";
  const code =
    status >= 400 && type.startsWith("application/problem")
      ? (JSON.parse(text) as { code: string }).code
      : undefined;
  // Of the address, not of the operation.
  if (code === "not_found" || code === "method_not_allowed") return undefined;
  const described = operation.responses[String(status)];
  if (described === undefined) return "a status that the contract does not list";
  const codes = described.content?.["application/problem+json"]?.examples;
  return code === undefined || codes === undefined || code in codes
    ? undefined
    : "a code that the contract does not list";
}

function show({ method, path, headers, body }: Sent): string {
  const told = { ...headers, ...(headers["authorization"] === undefined ? {} : { authorization: "…" }) };
  return `${method} ${path.slice(0, 200)} ${JSON.stringify(told).slice(0, 200)} ${body?.subarray(0, 300).toString() ?? ""}`;
}
