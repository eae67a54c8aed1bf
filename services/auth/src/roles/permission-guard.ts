import type { FastifyRequest } from "fastify";
import type { Actor } from "../audit/audit.ts";
import { type Authenticate, memberRefusals } from "../http/authenticate.ts";
import { clientOf } from "../http/client.ts";
import { type Permission, permits } from "./permissions.ts";
import { type Roles, refuse } from "./roles.ts";

/** The refusals of every route that needs a permission; spread them into `config.refuses`. */
export const permissionRefusals = [...memberRefusals, refuse.permission_required] as const;

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
    const { accountId, sessionId } = await this.#authenticate.member(request);
    const own = await this.#roles.permissionsOf(accountId);
    if (!permits(own, permission)) throw refuse.permission_required({ members: { permission } });
    return { kind: "account", id: accountId, sessionId, address: clientOf(request).address };
  }
}
