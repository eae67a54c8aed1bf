import { hash } from "node:crypto";

const NAMESPACE = /^[a-z0-9-]{1,32}$/;

/**
 * Names the buckets of one service in Redis.
 *
 * `{limit:auth}:sign-in:account:q83vEjRWeJCrze8S` — at most 128 bytes whatever the caller sent, and no address or
 * e-mail in the clear: what a client chose is hashed together with a secret.
 *
 * The one rule of Redis Cluster: all buckets of a namespace carry the same hash tag, so they share a slot and
 * every request is one atomic script call. The price is that one service's limits use one master; services
 * spread over the cluster by having different namespaces.
 */
export class Keys {
  readonly #tag: string;
  readonly #secret: string;

  /** @throws RangeError if the namespace is not 1-32 characters of a-z, 0-9 and "-" */
  constructor({ namespace, secret }: { readonly namespace: string; readonly secret: string }) {
    if (!NAMESPACE.test(namespace))
      throw new RangeError(`not a limiter namespace: ${JSON.stringify(namespace)}`);
    this.#tag = `{limit:${namespace}}:`;
    this.#secret = secret;
  }

  /** The part of a key that a class's buckets of one scope have in common. */
  prefix(scope: string, className: string): string {
    return `${this.#tag}${className}:${scope}`;
  }

  /**
   * 96 bits of SHA-256 over secret and name. A bare prefix is enough of a MAC here: the digest is cut, so it
   * cannot be extended, and a collision (2^48 names) costs two callers one bucket.
   */
  digest(name: string): string {
    return hash("sha256", `${this.#secret}\0${name}`, "base64url").slice(0, 16);
  }
}
