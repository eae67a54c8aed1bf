import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { type TestContext, test } from "node:test";
import { type Stand, setUp } from "../testing/set-up.ts";
import { testKey } from "../testing/test-keys.ts";

/** Every way to be refused, against a guard that has real keys. */
type Attempt = (stand: Stand) => Promise<string> | string;

const part = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Signed by the right key, whatever stands in it: what only a mistake of Auth could make. */
function signedAs({ auth }: Stand, header: string, payload: string): Promise<string> {
  const input = `${part(header)}.${part(payload)}`;
  return crypto.subtle
    .sign("Ed25519", auth.key.privateKey, Buffer.from(input))
    .then((signature) => `${input}.${Buffer.from(signature).toString("base64url")}`);
}

async function partsOf(
  stand: Stand,
): Promise<{ header: Record<string, unknown>; payload: Record<string, unknown> }> {
  const [header = "", payload = ""] = (await stand.token()).split(".");
  const read = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());
  return { header: read(header), payload: read(payload) };
}

const withHeader =
  (header: Readonly<Record<string, unknown>>): Attempt =>
  ({ token }) =>
    token({ header });

const withClaims =
  (claims: Readonly<Record<string, unknown>>): Attempt =>
  ({ token }) =>
    token({ claims });

/** Same header but for `alg`, signed with something that is not the issuer's Ed25519 key. */
const forged =
  (alg: string, signer: (input: string, stand: Stand) => Buffer): Attempt =>
  async (stand) => {
    const { header, payload } = await partsOf(stand);
    const input = `${part({ ...header, alg })}.${part(payload)}`;
    return `${input}.${signer(input, stand).toString("base64url")}`;
  };

const hmacWithPublicKey =
  (algorithm: string) =>
  (input: string, { auth }: Stand) =>
    createHmac(algorithm, Buffer.from(String(auth.key.jwk.x), "base64url"))
      .update(input)
      .digest();

const seconds = ({ clock }: Stand) => Math.floor(clock.now().getTime() / 1000);

const ALGORITHMS: Readonly<Record<string, Attempt>> = {
  "alg none, no signature": forged("none", () => Buffer.alloc(0)),
  "alg none, 64 bytes of nothing": forged("none", () => Buffer.alloc(64)),
  "alg noNE": forged("noNE", () => Buffer.alloc(64)),
  "HS256 keyed with the public key": forged("HS256", hmacWithPublicKey("sha256")),
  "HS512 keyed with the public key": forged("HS512", hmacWithPublicKey("sha512")),
  "EdDSA in lower case": forged("eddsa", () => Buffer.alloc(64)),
  RS256: forged("RS256", (input) =>
    sign("sha256", Buffer.from(input), generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey),
  ),
  ES256: forged("ES256", (input) =>
    sign("sha256", Buffer.from(input), {
      key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
      dsaEncoding: "ieee-p1363",
    }),
  ),
  "alg missing": withHeaderText((header) => ({ ...header, alg: undefined })),
  "alg a number": withHeaderText((header) => ({ ...header, alg: 7 })),
  "an all-zero signature": forged("EdDSA", () => Buffer.alloc(64)),
  "signed by a stranger under our key id": async ({ auth, token }) =>
    token({ key: { ...(await testKey("x")), kid: auth.key.kid } }),
};

function withHeaderText(change: (header: Record<string, unknown>) => object): Attempt {
  return async (stand) => {
    const { header, payload } = await partsOf(stand);
    return signedAs(stand, JSON.stringify(change(header)), JSON.stringify(payload));
  };
}

const HEADERS: Readonly<Record<string, Attempt>> = {
  "typ JWT": withHeader({ typ: "JWT" }),
  "typ of a logout token": withHeader({ typ: "logout+jwt" }),
  "typ of a security event": withHeader({ typ: "secevent+jwt" }),
  "no typ": withHeader({ typ: undefined }),
  "typ not a text": withHeaderText((header) => ({ ...header, typ: ["at+jwt"] })),
  "no kid": withHeader({ kid: undefined }),
  "an unknown kid": withHeader({ kid: randomUUID() }),
  "a kid that walks the file system": withHeader({ kid: "../../../../dev/null" }),
  "a kid of SQL": withHeader({ kid: "' OR 1=1 --" }),
  "a kid that names a prototype member": withHeader({ kid: "__proto__" }),
  "a kid that is an address": withHeader({ kid: "http://127.0.0.1:1/keys" }),
  "a kid of 10,000 characters": withHeader({ kid: "k".repeat(10_000) }),
  "a kid that is not a text": withHeaderText((header) => ({ ...header, kid: { toString: "x" } })),
  "a key of its own in jwk": async ({ auth, token }) => {
    const own = await testKey(auth.key.kid);
    return token({ key: own, header: { jwk: own.jwk } });
  },
  "the right key in jwk": async ({ auth, token }) => token({ header: { jwk: auth.key.jwk } }),
  jku: async ({ proxy, token }) => token({ header: { jku: `${proxy.url}/.well-known/jwks.json` } }),
  x5u: async ({ proxy, token }) => token({ header: { x5u: `${proxy.url}/chain.pem` } }),
  x5c: withHeader({ x5c: ["MIIB"] }),
  "crit naming nothing known": withHeaderText((header) => ({ ...header, crit: ["kp"], kp: 1 })),
  "crit naming b64": withHeaderText((header) => ({ ...header, crit: ["b64"], b64: true })),
  "crit, empty": withHeaderText((header) => ({ ...header, crit: [] })),
  "b64 false": withHeaderText((header) => ({ ...header, b64: false, crit: ["b64"] })),
  zip: withHeader({ zip: "DEF" }),
  "alg twice in the header": async (stand) => {
    const { header, payload } = await partsOf(stand);
    return signedAs(stand, JSON.stringify(header).replace("{", '{"alg":"none",'), JSON.stringify(payload));
  },
  "a header that is not JSON": async (stand) =>
    signedAs(stand, "alg: EdDSA", JSON.stringify((await partsOf(stand)).payload)),
  "a header that is a list": async (stand) =>
    signedAs(stand, "[]", JSON.stringify((await partsOf(stand)).payload)),
  "a header of bad UTF-8": async ({ token }) => {
    const [, payload, signature] = (await token()).split(".");
    return `${Buffer.from([0xff, 0xfe]).toString("base64url")}.${payload}.${signature}`;
  },
};

const CLAIMS: Readonly<Record<string, Attempt>> = {
  "another issuer": withClaims({ iss: "https://evil.test" }),
  "the issuer with a slash": async ({ auth, token }) => token({ claims: { iss: `${auth.issuer}/` } }),
  "no issuer": withClaims({ iss: undefined }),
  "another audience": withClaims({ aud: "billing" }),
  "our audience among others": withClaims({ aud: ["catalog", "billing"] }),
  "our audience alone in a list": withClaims({ aud: ["catalog"] }),
  "no audience": withClaims({ aud: undefined }),
  "expired for longer than the leeway": async (stand) =>
    stand.token({ claims: { iat: seconds(stand) - 661, exp: seconds(stand) - 61 } }),
  "no exp": withClaims({ exp: undefined }),
  "exp a text": withClaims({ exp: "9999999999" }),
  "exp in the far future": async (stand) => stand.token({ claims: { exp: seconds(stand) + 86_400 } }),
  "exp before iat": async (stand) => stand.token({ claims: { exp: seconds(stand) - 1 } }),
  "nbf beyond the leeway": async (stand) => stand.token({ claims: { nbf: seconds(stand) + 120 } }),
  "iat beyond the leeway": async (stand) =>
    stand.token({ claims: { iat: seconds(stand) + 120, exp: seconds(stand) + 600 } }),
  "no iat": withClaims({ iat: undefined }),
  "no sub": withClaims({ sub: undefined }),
  "sub not a uuid": withClaims({ sub: "1 or 1=1" }),
  "sub a number": withClaims({ sub: 7 }),
  "no sid": withClaims({ sid: undefined }),
  "sid empty": withClaims({ sid: "" }),
  "no jti": withClaims({ jti: undefined }),
  "no client_id": withClaims({ client_id: undefined }),
  "no roles": withClaims({ roles: undefined }),
  "roles a text": withClaims({ roles: "admin" }),
  "roles with a number": withClaims({ roles: ["viewer", 1] }),
  "too many roles": withClaims({ roles: Array.from({ length: 65 }, (_, index) => `r${index}`) }),
  "no age ceiling": withClaims({ age_ceiling: undefined }),
  "an age ceiling between the ratings": withClaims({ age_ceiling: 17 }),
  "an age ceiling of text": withClaims({ age_ceiling: "18" }),
  "an id token": withClaims({ sid: undefined, roles: undefined, age_ceiling: undefined, nonce: "n" }),
  "sub twice": async (stand) => {
    const { header, payload } = await partsOf(stand);
    const twice = JSON.stringify(payload).replace("{", `{"sub":"${randomUUID()}",`);
    return signedAs(stand, JSON.stringify(header), twice);
  },
  "claims that are a list": async (stand) =>
    signedAs(stand, JSON.stringify((await partsOf(stand)).header), "[]"),
  "claims that are not JSON": async (stand) =>
    signedAs(stand, JSON.stringify((await partsOf(stand)).header), "sub=1"),
};

const SHAPES: Readonly<Record<string, Attempt>> = {
  "a refresh token": () => `kp_rt_${Buffer.alloc(60, 7).toString("base64url")}`,
  "five parts": async ({ token }) => `${await token()}.a.b`,
  "four parts": async ({ token }) => `${await token()}.a`,
  "two parts": async ({ token }) => (await token()).split(".").slice(0, 2).join("."),
  "an empty middle": async ({ token }) => (await token()).replace(/\..*\./, ".."),
  "the JSON form": async ({ token }) => {
    const [protectedHeader, payload, signature] = (await token()).split(".");
    return JSON.stringify({ protected: protectedHeader, payload, signature });
  },
  "a space before": async ({ token }) => ` ${await token()}`.replace(" ", "\t"),
  "a space inside": async ({ token }) => (await token()).replace(".", ". "),
  "a newline behind": async ({ token }) => `${await token()}\n`,
  "padding behind": async ({ token }) => `${await token()}=`,
  "a dot behind": async ({ token }) => `${await token()}.`,
  "plain base64": async ({ token }) =>
    (await token()).replaceAll("-", "+").replaceAll("_", "/").replace(/$/, "+"),
  "16 KB of letters": () => "a".repeat(16_384),
  "16 KB of a token": async ({ token }) => token({ claims: { roles: ["r"], filler: "x".repeat(12_000) } }),
  "16 KB of dots": () => ".".repeat(16_384),
  nothing: () => "",
};

const TABLES = { ALGORITHMS, HEADERS, CLAIMS, SHAPES };

async function refuses(stand: Stand, name: string, attempt: Attempt): Promise<void> {
  const caller = await stand.ask(await attempt(stand));
  const expected = name.startsWith("expired") ? "token_expired" : "token_invalid";
  assert.equal(`${caller.kind}, ${caller.because}`, `refused, ${expected}`, name);
}

for (const [table, attempts] of Object.entries(TABLES)) {
  test(`${table.toLowerCase()}: nothing but a token of ours is one`, {
    timeout: 60_000,
  }, async (t: TestContext) => {
    const stand = await setUp(t);
    assert.equal((await stand.ask(await stand.token())).kind, "member", "the good token of the comparison");
    for (const [name, attempt] of Object.entries(attempts)) await refuses(stand, name, attempt);
  });
}

test("a token within the leeway of its times counts", async (t) => {
  const stand = await setUp(t);
  const now = seconds(stand);
  const kinds = await Promise.all(
    [{ iat: now - 650, exp: now - 50 }, { iat: now + 50, exp: now + 600 }, { nbf: now + 50 }].map(
      async (claims) => (await stand.ask(await stand.token({ claims }))).kind,
    ),
  );
  assert.deepEqual(kinds, ["member", "member", "member"]);
});

test("a token with any one character changed is refused, and so is every shorter one", {
  timeout: 60_000,
}, async (t) => {
  const stand = await setUp(t);
  const token = await stand.token();
  // Seen before, so that a sloppy memory would be found out too.
  assert.equal((await stand.ask(token)).kind, "member");
  const changed = Array.from(token, (character, index) => {
    const other = character === "A" ? "B" : "A";
    return token.slice(0, index) + other + token.slice(index + 1);
  });
  const lastBits = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    .map((last) => token.slice(0, -1) + last)
    .filter((other) => other !== token);
  const shorter = Array.from(token, (_, index) => token.slice(0, index));
  for (const wrong of [...changed, ...lastBits, ...shorter]) {
    assert.equal((await stand.ask(wrong)).kind, "refused", wrong);
  }
  assert.equal((await stand.ask(token)).kind, "member");
});
