import { randomUUID } from "node:crypto";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** A real Ed25519 signing key of a test's Auth. */
export interface TestKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function testKey(kid: string): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: "EdDSA", use: "sig" };
  return { kid, privateKey, jwk };
}

export interface TestTokenOptions {
  readonly key: TestKey;
  readonly issuer: string;
  readonly audience: string;
  /** Wall clock at issue. */
  readonly at: Date;
  /** Members that differ from a good token's; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** An access token as Auth signs them, with whatever a test wants wrong in it. */
export async function testToken({
  key,
  issuer,
  audience,
  at,
  claims,
  header,
}: TestTokenOptions): Promise<string> {
  const iat = Math.floor(at.getTime() / 1000);
  const payload = {
    iss: issuer,
    aud: audience,
    sub: randomUUID(),
    sid: randomUUID(),
    jti: randomUUID(),
    client_id: "web",
    iat,
    exp: iat + 600,
    roles: ["viewer"],
    age_ceiling: 18,
    ...claims,
  };
  return new SignJWT(withoutUndefined(payload) as JWTPayload)
    .setProtectedHeader(
      withoutUndefined({ alg: "EdDSA", typ: "at+jwt", kid: key.kid, ...header }) as { alg: string },
    )
    .sign(key.privateKey);
}

function withoutUndefined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
