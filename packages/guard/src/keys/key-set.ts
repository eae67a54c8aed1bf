import { type CryptoKey, importJWK, type JWK } from "jose";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

/** Members we do not know are left alone (RFC 7517 §5). */
const JwkSet = Type.Object({ keys: Type.Array(Type.Object({ kty: Type.String() }), { maxItems: 32 }) });

/** A public Ed25519 signing key. One with its private half is not one: somebody made a mistake over there. */
const SigningKey = Type.Object({
  kty: Type.Literal("OKP"),
  crv: Type.Literal("Ed25519"),
  x: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
  kid: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
  alg: Type.Optional(Type.Literal("EdDSA")),
  use: Type.Optional(Type.Literal("sig")),
  d: Type.Optional(Type.Never()),
});
type SigningKey = Static<typeof SigningKey>;

const jwkSet = Compile(JwkSet);
const signingKey = Compile(SigningKey);

export interface KeySet {
  readonly byId: ReadonlyMap<string, CryptoKey>;
  /** What to keep on disk: public members only. */
  readonly published: readonly JWK[];
}

/** The usable keys of an answer; undefined where there is none, so that it cannot replace a good set. */
export async function readKeySet(answer: unknown): Promise<KeySet | undefined> {
  if (!jwkSet.Check(answer)) return undefined;
  const published = answer.keys.filter((key): key is SigningKey => signingKey.Check(key)).map(publicMembers);
  const byId = new Map<string, CryptoKey>();
  for (const jwk of published) {
    const key = await importPublic(jwk);
    // Two keys under one name: which of them is meant cannot be known.
    if (key === undefined || byId.has(jwk.kid)) return undefined;
    byId.set(jwk.kid, key);
  }
  return byId.size === 0 ? undefined : { byId, published };
}

/** Whether a key that `before` held is gone from `after`, or is another key under its name. */
export function hasWithdrawn(before: KeySet, after: KeySet): boolean {
  const now = new Map(after.published.map(({ kid, x }) => [kid, x]));
  return before.published.some(({ kid, x }) => now.get(kid) !== x);
}

function publicMembers({ kty, crv, x, kid }: SigningKey) {
  return { kty, crv, x, kid, alg: "EdDSA", use: "sig" } as const;
}

async function importPublic(jwk: JWK): Promise<CryptoKey | undefined> {
  try {
    return (await importJWK(jwk, "EdDSA")) as CryptoKey;
  } catch {
    return undefined;
  }
}
