import { decodeCursor, encodeCursor, pageFrom, pageOf, type Server, wrongCursor } from "@kinopass/http";
import { Type } from "typebox";
import { memberSecurity } from "../http/authenticate.ts";
import { freshPermissionRefusals, type PermissionGuard, permissionRefusals } from "./permission-guard.ts";
import { type Roles, refuse } from "./roles.ts";
import { EXAMPLE, NameParams, NewRole, Role, RoleChange, show } from "./schemas.ts";

interface Dependencies {
  readonly roles: Roles;
  readonly guard: PermissionGuard;
}

const tags = ["roles"];
const security = memberSecurity;
const limit = { class: "admin" } as const;

export function roleRoutes(app: Server, dependencies: Dependencies): void {
  readRoutes(app, dependencies);
  writeRoutes(app, dependencies);
}

function readRoutes(app: Server, { roles, guard }: Dependencies): void {
  app.get(
    "/v1/roles",
    {
      config: { limit, refuses: permissionRefusals },
      schema: {
        operationId: "listRoles",
        summary: "Roles by name (needs `roles:read`)",
        tags,
        security,
        querystring: Type.Object({
          page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
          cursor: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: {
          200: Type.Object(pageOf(Role).properties, { examples: [{ items: [EXAMPLE], next_cursor: null }] }),
        },
      },
    },
    async (request) => {
      await guard.requirePermission(request, "roles:read");
      const { page_size = 50, cursor } = request.query;
      const found = await roles.list(cursor === undefined ? "" : nameOf(cursor), page_size + 1);
      const { items, nextCursor } = pageFrom(found, page_size, ({ name }) => encodeCursor([name]));
      return { items: items.map(show), next_cursor: nextCursor };
    },
  );

  app.get(
    "/v1/roles/:name",
    {
      config: { limit, refuses: [...permissionRefusals, refuse.role_not_found] },
      schema: {
        operationId: "getRole",
        summary: "A role and what it permits (needs `roles:read`)",
        tags,
        security,
        params: NameParams,
        response: { 200: Role },
      },
    },
    async (request) => {
      await guard.requirePermission(request, "roles:read");
      return show(await roles.find(request.params.name));
    },
  );
}

function writeRoutes(app: Server, { roles, guard }: Dependencies): void {
  app.post(
    "/v1/roles",
    {
      config: {
        limit,
        refuses: [...freshPermissionRefusals, refuse.permission_not_held, refuse.role_exists],
      },
      schema: {
        operationId: "createRole",
        summary: "Make a role of permissions you have yourself (needs `roles:write`)",
        description: "Needs a sign-in of the last ten minutes.",
        tags,
        security,
        body: NewRole,
        response: { 201: Role },
      },
    },
    async (request, reply) => {
      const actor = await guard.requireFreshPermission(request, "roles:write");
      const role = await roles.create(actor, request.body);
      return reply.code(201).header("location", `/v1/roles/${role.name}`).send(show(role));
    },
  );

  const changeRefusals = [
    ...freshPermissionRefusals,
    refuse.permission_not_held,
    refuse.role_not_found,
    refuse.role_built_in,
  ];
  app.patch(
    "/v1/roles/:name",
    {
      config: { limit, refuses: changeRefusals },
      schema: {
        operationId: "changeRole",
        summary: "Change what a role permits (needs `roles:write`)",
        description:
          "Needs a sign-in of the last ten minutes. It holds at once for everybody who has the role: permissions are not in tokens.",
        tags,
        security,
        params: NameParams,
        body: RoleChange,
        response: { 200: Role },
      },
    },
    async (request) => {
      const actor = await guard.requireFreshPermission(request, "roles:write");
      return show(await roles.update(actor, request.params.name, request.body));
    },
  );

  app.delete(
    "/v1/roles/:name",
    {
      config: { limit, refuses: [...changeRefusals, refuse.role_in_use] },
      schema: {
        operationId: "deleteRole",
        summary: "Delete a role that nobody has (needs `roles:write`)",
        description: "Needs a sign-in of the last ten minutes.",
        tags,
        security,
        params: NameParams,
        response: { 204: Type.Null({ description: "Deleted" }) },
      },
    },
    async (request, reply) => {
      const actor = await guard.requireFreshPermission(request, "roles:write");
      await roles.remove(actor, request.params.name);
      return reply.code(204).send(null);
    },
  );
}

function nameOf(cursor: string): string {
  const [name, ...rest] = decodeCursor(cursor) ?? [];
  if (typeof name === "string" && rest.length === 0) return name;
  throw wrongCursor();
}
