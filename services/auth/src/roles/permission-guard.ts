import type { FastifyRequest } from "fastify";
import type { Actor } from "../audit/audit.ts";
import {
  type Authenticate,
  type Member,
  memberRefusals,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { clientOf } from "../http/client.ts";
import { type Permission, permits } from "./permissions.ts";
import { type Roles, refuse } from "./roles.ts";

/** The refusals of every route that needs a permission; spread them into `config.refuses`. */
export const permissionRefusals = [...memberRefusals, refuse.permission_required] as const;

/** The same for routes that give power away. */
export const freshPermissionRefusals = [...permissionRefusals, refuseMember.reauth_required] as const;

/** Lets administrators in, by what the database says they may do now, not by what their token says. */
export class PermissionGuard {
  readonly #authenticate: Authenticate;
  readonly #roles: Roles;

  constructor({ authenticate, roles }: { authenticate: Authenticate; roles: Roles }) {
    this.#authenticate = authenticate;
    this.#roles = roles;
  }

  /** The administrator who is calling: 401 for guests, 403 `permission_required` for everybody else. */
  async requirePermission(
    request: FastifyRequest,
    permission: Permission,
  ): Promise<Actor & { kind: "account" }> {
    return actorOf(request, await this.#permitted(request, permission));
  }

  /** As `requirePermission`; 403 `reauth_required` too where the sign-in is older than ten minutes: an old session may be a stolen one. */
  async requireFreshPermission(
    request: FastifyRequest,
    permission: Permission,
  ): Promise<Actor & { kind: "account" }> {
    const member = await this.#permitted(request, permission);
    if (!this.#authenticate.isFresh(member)) throw refuseMember.reauth_required();
    return actorOf(request, member);
  }

  async #permitted(request: FastifyRequest, permission: Permission): Promise<Member> {
    const member = await this.#authenticate.member(request);
    const own = await this.#roles.permissionsOf(member.accountId);
    if (!permits(own, permission)) throw refuse.permission_required({ members: { permission } });
    return member;
  }
}

function actorOf(request: FastifyRequest, { accountId, sessionId }: Member): Actor & { kind: "account" } {
  return { kind: "account", id: accountId, sessionId, address: clientOf(request).address };
}
