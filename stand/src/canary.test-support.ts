/** Walks through every door of Auth with words that must be found nowhere afterwards. */
import { createHash, randomBytes } from "node:crypto";
import { makeSuperuser, openConsole, openServices } from "@kinopass/auth/commands";
import { consent } from "@kinopass/emulators";
import type { TracedGround } from "./traced-ground.test-support.ts";

export interface Walk {
  /** Passwords, tokens, codes: nowhere in clear, not even in the database. */
  readonly secrets: ReadonlySet<string>;
  /** Addresses: only in the database. */
  readonly addresses: ReadonlySet<string>;
  /** Everything that was answered with 400 and above. */
  readonly errorBodies: readonly string[];
  /** How often each operation was answered with each status. */
  readonly seen: ReadonlySet<string>;
}

interface Asked {
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Given {
  readonly status: number;
  readonly location: string | null;
  readonly cookie: string;
  // biome-ignore lint/suspicious/noExplicitAny: the walk looks into whatever came back
  readonly body: any;
}

class Walker {
  readonly secrets = new Set<string>();
  readonly addresses = new Set<string>();
  readonly errorBodies: string[] = [];
  readonly seen = new Set<string>();
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  secret(prefix: string): string {
    const made = `${prefix} ${randomBytes(9).toString("base64url")}`;
    this.secrets.add(made);
    return made;
  }

  address(): string {
    const made = `canary-${randomBytes(5).toString("hex")}@example.com`;
    this.addresses.add(made);
    return made;
  }

  async ask(operation: string, { body, token, headers = {} }: Asked = {}): Promise<Given> {
    const [method = "GET", path = "/"] = operation.split(" ");
    const raw = typeof body === "string";
    const type = raw ? "application/x-www-form-urlencoded" : "application/json";
    const answer = await fetch(path.startsWith("http") ? path : `${this.#base}${path}`, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(15_000),
      headers: {
        ...(body === undefined ? {} : { "content-type": type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    this.seen.add(`${method} ${path.split("?")[0]} ${answer.status}`);
    if (answer.status >= 400) this.errorBodies.push(text);
    const json = answer.headers.get("content-type")?.includes("json") === true;
    const parsed = json && text !== "" ? JSON.parse(text) : undefined;
    for (const name of ["access_token", "refresh_token", "device_code", "captcha_pass"])
      if (typeof parsed?.[name] === "string") this.secrets.add(parsed[name]);
    const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]);
    return {
      status: answer.status,
      location: answer.headers.get("location"),
      cookie: cookie.join("; "),
      body: parsed,
    };
  }
}

export async function walkEveryDoor(ground: TracedGround, auth: string, catalog: string): Promise<Walk> {
  const walker = new Walker(auth);
  const anna = await passwordDoors(walker, ground);
  await wrongInputs(walker, anna);
  await administration(walker, ground, anna.token);
  await services(walker, ground, anna.token);
  await social(walker);
  await television(walker, anna.token);
  await walker.ask(`GET ${catalog}/v1/films?query=godfather`, { token: anna.token });
  await walker.ask(`POST ${catalog}/v1/films/1/playback`, { token: anna.token });
  await walker.ask(`POST ${catalog}/v1/films/1/playback`, { token: `${anna.token}x` });
  await walker.ask("DELETE /v1/sessions", { token: anna.token });
  return walker;
}

async function passwordDoors(walker: Walker, ground: TracedGround) {
  const email = walker.address();
  const password = walker.secret("first canary");
  await walker.ask("POST /v1/accounts", { body: { email, password, birth_date: "1990-05-17" } });
  await walker.ask("POST /v1/accounts/confirm", { body: { email, code: "0000 0000" } });
  const code = await ground.codeFor(email);
  walker.secrets.add(code);
  await walker.ask("POST /v1/accounts/confirm", { body: { email, code } });
  await walker.ask("POST /v1/sessions", { body: { email, password: walker.secret("wrong canary") } });
  await walker.ask("POST /v1/sessions", {
    body: { email: walker.address(), password: walker.secret("nobody's canary") },
  });
  const opened = await walker.ask("POST /v1/sessions", { body: { email, password } });
  let refresh = opened.body.refresh_token;
  for (let turn = 0; turn < 2; turn += 1)
    refresh = (await walker.ask("POST /v1/sessions/refresh", { body: { refresh_token: refresh } })).body
      .refresh_token;
  // Two steps old: two parties hold it, so the session is ended.
  await walker.ask("POST /v1/sessions/refresh", { body: { refresh_token: opened.body.refresh_token } });
  const forged = `kp_rt_${randomBytes(60).toString("base64url")}`;
  walker.secrets.add(forged);
  await walker.ask("POST /v1/sessions/refresh", { body: { refresh_token: forged } });

  await walker.ask("POST /v1/password-resets", { body: { email } });
  const resetCode = await ground.codeFor(email, code);
  walker.secrets.add(resetCode);
  const reset = walker.secret("second canary");
  const confirm = "POST /v1/password-resets/confirm";
  await walker.ask(confirm, { body: { email, code: "0000 0000", new_password: reset } });
  await walker.ask(confirm, { body: { email, code: resetCode, new_password: reset } });
  const again = await walker.ask("POST /v1/sessions", { body: { email, password: reset } });
  const token: string = again.body.access_token;
  const changed = walker.secret("third canary");
  await walker.ask("PUT /v1/me/password", {
    token,
    body: { current_password: walker.secret("not hers"), new_password: changed },
  });
  await walker.ask("PUT /v1/me/password", {
    token,
    body: { current_password: reset, new_password: changed },
  });
  await walker.ask("PUT /v1/me/email", { token, body: { email: walker.address() } });
  for (const path of ["/v1/me", "/v1/me/sign-ins", "/v1/me/export", "/v1/sessions", "/v1/me/social-accounts"])
    await walker.ask(`GET ${path}`, { token });
  return { email, password: changed, token };
}

/** What breaks on the way in must not be repeated on the way out, or in the log. */
async function wrongInputs(walker: Walker, { email, token }: { email: string; token: string }) {
  const secret = walker.secret("misplaced canary");
  const plain = secret.replaceAll(" ", "-");
  walker.secrets.add(plain);
  await walker.ask("POST /v1/sessions", { body: { email, password: { secret } } });
  await walker.ask("POST /v1/sessions", { body: { email: secret, password: secret } });
  await walker.ask("POST /v1/sessions", { body: { email, password: secret, [plain]: secret } });
  await walker.ask("POST /v1/sessions", { body: `{"email":"${email}","password":"${secret}` });
  await walker.ask("POST /v1/sessions", {
    body: `{"email":"${email}","password":"${secret}`,
    headers: { "content-type": "application/json" },
  });
  await walker.ask("POST /v1/sessions", { body: { email, password: secret.repeat(9_000) } });
  await walker.ask(`GET /v1/me?access_token=${plain}`, { token });
  await walker.ask(`GET /v1/${plain}`);
  await walker.ask("GET /v1/me", { token: plain });
  await walker.ask("GET /v1/me", {
    headers: { authorization: `Basic ${plain}`, cookie: `session=${plain}` },
  });
  await walker.ask("GET /v1/me", { headers: { "x-request-id": secret, "user-agent": "canary walker" } });
  await walker.ask("POST /v1/password-resets/confirm", { body: { email, code: plain, new_password: "x" } });
}

async function administration(walker: Walker, ground: TracedGround, token: string) {
  const email = walker.address();
  const password = walker.secret("chief's canary");
  const console_ = await openConsole(ground.env);
  try {
    await makeSuperuser(console_, { email, locale: "en" }, async () => password);
  } finally {
    await console_.close();
  }
  const chief: string = (await walker.ask("POST /v1/sessions", { body: { email, password } })).body
    .access_token;
  const me = (await walker.ask("GET /v1/me", { token })).body.id;
  await walker.ask(`PUT /v1/accounts/${me}/roles/subscriber`, { token });
  await walker.ask(`PUT /v1/accounts/${me}/roles/subscriber`, { token: chief });
  await walker.ask("GET /v1/roles", { token: chief });
  const [address = ""] = walker.addresses;
  await walker.ask(`GET /v1/accounts?email=${encodeURIComponent(address)}`, { token: chief });
  await walker.ask(`GET /v1/accounts/${me}`, { token: chief });
}

async function services(walker: Walker, ground: TracedGround, token: string) {
  const console_ = openServices(ground.env);
  const { id, secret } = await console_.add("canary-service", ["introspect"]);
  await console_.close();
  walker.secrets.add(secret);
  const basic = Buffer.from(`${id}:${secret}`).toString("base64");
  walker.secrets.add(basic);
  const body = `token=${token}`;
  await walker.ask("POST /v1/introspect", { body, headers: { authorization: `Basic ${basic}` } });
  await walker.ask("POST /v1/introspect", { body, headers: { authorization: `Basic ${basic.slice(4)}` } });
  await walker.ask("POST /v1/introspect", { body });
}

async function social(walker: Walker) {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  walker.secrets.add(verifier);
  for (const provider of ["yandex", "vk", "google", "mailru"]) {
    const query = `return_to=${encodeURIComponent("https://site.test/in")}&code_challenge=${challenge}&code_challenge_method=S256`;
    const begun = await walker.ask(`GET /v1/social/${provider}/start?${query}`);
    const outcome = await consent(begun.location ?? "", { person: "new" });
    const back = new URL(outcome.url);
    for (const [name, value] of Object.entries(outcome.fields)) back.searchParams.set(name, value);
    for (const name of ["code", "state"]) walker.secrets.add(back.searchParams.get(name) ?? "");
    const returned = await walker.ask(`GET ${back.href}`, { headers: { cookie: begun.cookie } });
    const code = new URL(returned.location ?? "http://nowhere").searchParams.get("code");
    if (code === null) continue;
    walker.secrets.add(code);
    const body = { code, code_verifier: verifier };
    const entered = await walker.ask("POST /v1/social/exchange", { body });
    await walker.ask("POST /v1/social/exchange", { body });
    await unlink(walker, entered.body?.access_token);
  }
  walker.secrets.delete("");
}

async function unlink(walker: Walker, token: string | undefined) {
  await walker.ask("PUT /v1/me/password", { token, body: { new_password: walker.secret("social canary") } });
  const { body: linked } = await walker.ask("GET /v1/me/social-accounts", { token });
  for (const { id } of linked?.items ?? [])
    await walker.ask(`DELETE /v1/me/social-accounts/${id}`, { token });
}

async function television(walker: Walker, token: string) {
  const challenge = await walker.ask("POST /v1/captcha/challenges", { body: { action: "sign_in" } });
  if (challenge.status === 201 || challenge.status === 200)
    await walker.ask(`POST /v1/captcha/challenges/${challenge.body.id}/answer`, { body: { answer: 1 } });
  const begun = await walker.ask("POST /v1/device/code", { body: "client_id=tv" });
  if (begun.status !== 200) return;
  const { user_code: userCode, device_code: deviceCode } = begun.body as Record<string, string>;
  walker.secrets.add(userCode ?? "");
  const grant = `client_id=tv&device_code=${deviceCode}&grant_type=urn:ietf:params:oauth:grant-type:device_code`;
  await walker.ask("POST /v1/device/token", { body: grant });
  await walker.ask(`GET /v1/device/${userCode}`, { token });
  await walker.ask(`POST /v1/device/${userCode}/approve`, { token, body: {} });
  await walker.ask("POST /v1/device/token", { body: grant });
}
