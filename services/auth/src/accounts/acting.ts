import type { FastifyRequest } from "fastify";
import type { Actor } from "../audit/audit.ts";
import type { Member } from "../http/authenticate.ts";
import { type Client, clientOf, type Device, deviceOf } from "../http/client.ts";

/** Who acts on their own account, and from where: for the audit trail and for letters. */
export interface Acting {
  readonly member: Member;
  readonly actor: Actor;
  readonly client: Client;
  readonly device: Device;
}

export function actingOf(member: Member, request: FastifyRequest): Acting {
  const client = clientOf(request);
  const { accountId: id, sessionId } = member;
  return {
    member,
    actor: { kind: "account", id, sessionId, address: client.address },
    client,
    device: deviceOf(undefined, client),
  };
}
