/**
 * Other services of the cinema prove who they are with an id and a secret (HTTP Basic). The secret is
 * shown once, when it is made; it has 256 bits of entropy, so a plain SHA-256 keeps it and guessing is
 * hopeless. A disabled credential stops at once: nothing outlives its request here.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { refusals } from "@kinopass/http";
import type { PostgresDatabase } from "@kinopass/postgres";
import type { FastifyRequest } from "fastify";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { NIL_ACCOUNT } from "../ids.ts";
import * as queries from "./queries.ts";

/** What a service may be allowed to do. */
export const SCOPES = {
  introspect: "Ask whether a token is active",
  revoke: "End the session of a token",
  revocations: "Follow the revocation feed",
} as const;

export type Scope = keyof typeof SCOPES;

export const refuse = refusals({
  invalid_client: {
    status: 401,
    title: { en: "The service credential is not valid", ru: "Учётные данные сервиса недействительны" },
    detail: {
      en: "Send the id and the secret of `kinopass service add` as HTTP Basic",
      ru: "Отправьте идентификатор и секрет из `kinopass service add` как HTTP Basic",
    },
  },
  insufficient_scope: {
    status: 403,
    title: {
      en: "The service credential does not allow this",
      ru: "Учётные данные сервиса этого не позволяют",
    },
  },
  service_exists: {
    status: 409,
    title: { en: "A service of this name exists already", ru: "Сервис с таким именем уже есть" },
    detail: { en: "Choose another name", ru: "Выберите другое имя" },
  },
});

/** The refusals of every route that needs a service credential. */
export const credentialRefusals = [refuse.invalid_client, refuse.insufficient_scope] as const;

/** OpenAPI security requirement of such a route. */
export const serviceSecurity = [{ service_credential: [] }];

const ID = /^svc_[0-9a-f]{16}$/;
const SECRET = /^kp_sk_[A-Za-z0-9_-]{43}$/;

export interface NewCredential {
  readonly id: string;
  /** Shown now and never again. */
  readonly secret: `kp_sk_${string}`;
}

export type ServiceActor = Actor & { readonly kind: "service" };

export class ServiceCredentials {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #audit: Audit;
  readonly #presented = new WeakMap<FastifyRequest, queries.CredentialRow>();

  constructor({ db, clock, audit }: { db: PostgresDatabase; clock: Clock; audit: Audit }) {
    this.#db = db;
    this.#clock = clock;
    this.#audit = audit;
  }

  /** The credential, asked before the body is read; 401 `invalid_client` (RFC 6749 §5.2) if it is not one. */
  async presented(request: FastifyRequest): Promise<queries.CredentialRow> {
    const known = this.#presented.get(request);
    if (known !== undefined) return known;
    const presented = basicOf(request);
    const found = presented === undefined ? undefined : await this.#verify(presented);
    if (found === undefined) {
      throw refuse.invalid_client({
        members: { error: "invalid_client" },
        headers: { "www-authenticate": 'Basic realm="kinopass", charset="UTF-8"' },
      });
    }
    this.#presented.set(request, found);
    return found;
  }

  /** The service that is calling; 401 as above, or 403 `insufficient_scope`. */
  async demand(request: FastifyRequest, scope: Scope): Promise<ServiceActor> {
    const found = await this.presented(request);
    if (!found.scopes.includes(scope)) throw refuse.insufficient_scope({ members: { scope } });
    return { kind: "service", id: found.id, address: request.ip };
  }

  async #verify({ id, secret }: { id: string; secret: string }): Promise<queries.CredentialRow | undefined> {
    const { rows } = await queries.findCredential(this.#db, id);
    const row = rows[0];
    return row !== undefined && timingSafeEqual(hashOf(secret), row.secret_hash) ? row : undefined;
  }

  /** Makes a credential. Refuses `service_exists`. */
  async add(actor: Actor, name: string, scopes: readonly Scope[]): Promise<NewCredential> {
    const id = `svc_${randomBytes(8).toString("hex")}`;
    const secret = `kp_sk_${randomBytes(32).toString("base64url")}` as const;
    await this.#db.transaction(async (tx) => {
      const { rows } = await queries.insertCredential(
        tx,
        id,
        name,
        hashOf(secret),
        scopes,
        this.#clock.now(),
      );
      if (rows.length === 0) throw refuse.service_exists();
      const details = { service: id, name, scopes };
      await this.#audit.record(tx, { action: "service.added", accountId: NIL_ACCOUNT, actor, details });
    });
    return { id, secret };
  }

  async list(): Promise<readonly Omit<queries.CredentialRow, "secret_hash">[]> {
    const { rows } = await queries.allCredentials(this.#db);
    return rows.map(({ secret_hash: _, ...shown }) => shown);
  }

  /** By id or name. False where no such credential is in use. */
  async disable(actor: Actor, idOrName: string): Promise<boolean> {
    return await this.#db.transaction(async (tx) => {
      const { rows } = await queries.disableCredential(tx, idOrName, this.#clock.now());
      for (const { id, name } of rows) {
        const details = { service: id, name };
        await this.#audit.record(tx, { action: "service.disabled", accountId: NIL_ACCOUNT, actor, details });
      }
      return rows.length > 0;
    });
  }
}

/** RFC 7617 §2. Whatever cannot be one of ours is refused before the database hears of it. */
function basicOf(request: FastifyRequest): { id: string; secret: string } | undefined {
  const [scheme, value, ...rest] = request.headers.authorization?.split(" ") ?? [];
  if (scheme?.toLowerCase() !== "basic" || value === undefined || rest.length > 0 || value.length > 256)
    return undefined;
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  const [id, secret] = [text.slice(0, colon), text.slice(colon + 1)];
  return ID.test(id) && SECRET.test(secret) ? { id, secret } : undefined;
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
