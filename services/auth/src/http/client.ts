import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { visibleText } from "./visible-text.ts";

/** Where a request came from, as history and the list of devices show it. */
export interface Client {
  /** From the connection, or from the trusted proxy in front; never from a header anybody may send. */
  readonly address: string;
  readonly userAgent: string | null;
}

export interface Device {
  readonly name: string | null;
  readonly kind: "phone" | "tablet" | "computer" | "tv" | "other";
}

export const DeviceSchema = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
    kind: Type.Optional(
      Type.Union([
        Type.Literal("phone"),
        Type.Literal("tablet"),
        Type.Literal("computer"),
        Type.Literal("tv"),
        Type.Literal("other"),
      ]),
    ),
  },
  { description: "How the list of devices shows this one; guessed from User-Agent where it is left out" },
);

export function clientOf(request: FastifyRequest): Client {
  const userAgent = request.headers["user-agent"]?.slice(0, 300).replaceAll(/[^\x20-\x7e]/g, "?");
  return { address: request.ip, userAgent: userAgent ?? null };
}

/** What the client says of itself, completed by a guess that only ever serves as a label. */
export function deviceOf(
  said: { name?: string; kind?: Device["kind"] } | undefined,
  { userAgent }: Client,
): Device {
  const name = visibleText(said?.name ?? "");
  return {
    kind: said?.kind ?? guessKind(userAgent ?? ""),
    name: name === "" ? guessName(userAgent ?? "") : name,
  };
}

function guessKind(agent: string): Device["kind"] {
  if (/smart-?tv|tizen|web0?s|bravia|hbbtv|appletv|android ?tv|aft[a-z]\b/i.test(agent)) return "tv";
  if (/ipad|tablet|kindle/i.test(agent) || (/android/i.test(agent) && !/mobile/i.test(agent)))
    return "tablet";
  if (/mobi|iphone|android|okhttp|cfnetwork/i.test(agent)) return "phone";
  if (/windows|macintosh|x11|linux|cros/i.test(agent)) return "computer";
  return "other";
}

function guessName(agent: string): string | null {
  const browser = [
    ["Edg/", "Edge"],
    ["YaBrowser/", "Yandex Browser"],
    ["OPR/", "Opera"],
    ["Firefox/", "Firefox"],
    ["Chrome/", "Chrome"],
    ["Safari/", "Safari"],
  ].find(([mark]) => agent.includes(mark ?? ""))?.[1];
  const system = [
    ["Android", "Android"],
    ["iPhone", "iPhone"],
    ["iPad", "iPad"],
    ["Windows", "Windows"],
    ["Mac OS X", "macOS"],
    ["Linux", "Linux"],
  ].find(([mark]) => agent.includes(mark ?? ""))?.[1];
  return [browser, system].filter((part) => part !== undefined).join(", ") || null;
}
