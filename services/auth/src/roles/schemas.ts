import { type TLiteral, Type } from "typebox";
import { UUID_PATTERN } from "../ids.ts";
import { PERMISSIONS, type Permission } from "./permissions.ts";
import type { RoleRow } from "./roles.ts";

const NAME_PATTERN = "^[a-z][a-z0-9_-]{1,40}$";

const names = Object.keys(PERMISSIONS) as Permission[];
const Permissions = Type.Array(
  Type.Union(names.map((name) => Type.Literal(name)) as TLiteral<Permission>[]),
  {
    maxItems: 32,
    uniqueItems: true,
    description: names.map((name) => `\`${name}\`: ${PERMISSIONS[name]}`).join("  \n"),
  },
);
const Description = Type.String({ minLength: 1, maxLength: 200 });

export const RoleName = Type.String({ pattern: NAME_PATTERN, examples: ["support"] });
export const NameParams = Type.Object({ name: RoleName });
export const GrantParams = Type.Object({
  id: Type.String({ pattern: UUID_PATTERN, examples: ["0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f"] }),
  name: RoleName,
});

const EXAMPLE_BODY = {
  name: "support",
  permissions: ["accounts:read" as const, "sessions:end" as const],
  description: "Answers viewers' letters",
};

export const EXAMPLE = {
  ...EXAMPLE_BODY,
  built_in: false,
  created_at: "2026-03-01T12:00:00.000Z",
  updated_at: "2026-03-01T12:00:00.000Z",
};

export const Role = Type.Object(
  {
    name: RoleName,
    permissions: Type.Array(Type.String()),
    description: Type.String(),
    built_in: Type.Boolean({ description: "It can be granted, but not changed or deleted" }),
    created_at: Type.String({ format: "date-time" }),
    updated_at: Type.String({ format: "date-time" }),
  },
  { examples: [EXAMPLE] },
);

export const NewRole = Type.Object(
  { name: RoleName, permissions: Permissions, description: Description },
  { examples: [EXAMPLE_BODY] },
);

export const RoleChange = Type.Object(
  { permissions: Type.Optional(Permissions), description: Type.Optional(Description) },
  { minProperties: 1, examples: [{ permissions: ["accounts:read"] }] },
);

export function show(role: RoleRow) {
  return {
    name: role.name,
    permissions: [...role.permissions],
    description: role.description,
    built_in: role.built_in,
    created_at: role.created_at.toISOString(),
    updated_at: role.updated_at.toISOString(),
  };
}
