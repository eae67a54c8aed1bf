import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Client, Clients } from "./clients.ts";
import { Grants } from "./grants.ts";
import type { KeyRing } from "./key-ring.ts";
import type { People, Person } from "./people.ts";

export const EMULATED = [
  "yandex",
  "vk",
  "mailru",
  "google",
  "facebook",
  "x",
  "odnoklassniki",
  "telegram",
  "apple",
] as const;
export type Emulated = (typeof EMULATED)[number];

export interface Clock {
  now(): Date;
}

/** So many bytes that nobody can guess, or in a test that everybody can. */
export type Random = (bytes: number) => Buffer;

/** What each provider's routes stand on. */
export interface Ground {
  readonly app: FastifyInstance;
  readonly clock: Clock;
  readonly random: Random;
  readonly people: People;
  readonly clients: Clients;
  readonly keys: KeyRing;
  /** The address people and programs reach the emulators at, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly appName: string | undefined;
  /** Codes and tokens, one book a provider: one provider's token means nothing to another. */
  readonly grants: Readonly<Record<Emulated, Grants>>;
}

export type Fields = Readonly<Record<string, string | undefined>>;

export function books(clock: Clock, random: Random): Record<Emulated, Grants> {
  return Object.fromEntries(EMULATED.map((name) => [name, new Grants(clock, random)])) as Record<
    Emulated,
    Grants
  >;
}

/** A picture of somebody, drawn here: pages that show it need no internet. */
export function avatarOf(ground: Ground, person: Person): string {
  return `${ground.publicUrl()}/_emulator/avatars/${person.id}.svg`;
}

export function queryOf(request: FastifyRequest): Fields {
  return flat(request.query);
}

export function formOf(request: FastifyRequest): Fields {
  return flat(request.body);
}

/** Credentials of an Authorization header of one scheme: what follows the word. */
export function credentialsOf(request: FastifyRequest, ...schemes: string[]): string | undefined {
  const [scheme, value] = (request.headers.authorization ?? "").split(" ", 2);
  return schemes.some((wanted) => wanted.toLowerCase() === scheme?.toLowerCase()) ? value : undefined;
}

/** RFC 6749 §2.3.1: both halves are form-encoded. */
export function basicOf(
  request: FastifyRequest,
): { readonly id: string; readonly secret: string } | undefined {
  const value = credentialsOf(request, "basic");
  if (value === undefined) return undefined;
  const [id, secret] = Buffer.from(value, "base64").toString().split(":", 2).map(formDecoded);
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export function isClient(client: Client, id: string | undefined, secret: string | undefined): boolean {
  return client.id === id && client.secret === secret;
}

/** The usual JSON error of RFC 6749 §5.2. */
export function oauthError(
  reply: FastifyReply,
  status: number,
  error: string,
  description?: string,
): FastifyReply {
  return reply
    .code(status)
    .send({ error, ...(description === undefined ? {} : { error_description: description }) });
}

function formDecoded(value: string): string {
  return new URLSearchParams(`v=${value}`).get("v") ?? "";
}

function flat(value: unknown): Fields {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).map(
    ([key, item]) => [key, Array.isArray(item) ? item[0] : item] as const,
  );
  return Object.fromEntries(entries.filter(([, item]) => typeof item === "string"));
}
