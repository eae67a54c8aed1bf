import { Type } from "typebox";
import { UUID_PATTERN } from "../ids.ts";
import { ageCeilingOf } from "../sessions/age.ts";
import type { ListedRow } from "./account-search.ts";

export const AccountParams = Type.Object({
  id: Type.String({ pattern: UUID_PATTERN, examples: ["0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f"] }),
});

export const EXAMPLE = {
  id: "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f",
  status: "active" as const,
  email: "anna@example.com",
  display_name: "Anna",
  region: "ru_volga",
  birth_date: "1990-05-17",
  birth_date_precision: "day" as const,
  age_ceiling: 18,
  locale: "ru" as const,
  roles: ["subscriber"],
  created_at: "2026-03-01T12:00:00.000Z",
  updated_at: "2026-03-01T12:00:00.000Z",
};

const Nullable = Type.Union([Type.String(), Type.Null()]);

/** An account as administrators see it. There is no password in it, in no form. */
export const AdminAccount = Type.Object(
  {
    id: Type.String(),
    status: Type.Union([Type.Literal("active"), Type.Literal("disabled")]),
    email: Nullable,
    display_name: Nullable,
    region: Type.String(),
    birth_date: Nullable,
    birth_date_precision: Type.Union([Type.Literal("day"), Type.Literal("year"), Type.Null()]),
    age_ceiling: Type.Integer({ description: "The highest rating the person may watch today" }),
    locale: Type.Union([Type.Literal("en"), Type.Literal("ru")]),
    roles: Type.Array(Type.String()),
    created_at: Type.String({ format: "date-time" }),
    updated_at: Type.String({ format: "date-time" }),
  },
  { examples: [EXAMPLE] },
);

export const AccountQuery = Type.Object({
  email: Type.Optional(
    Type.String({ maxLength: 254, description: "Exact; alone", examples: ["anna@example.com"] }),
  ),
  region: Type.Optional(
    Type.String({ maxLength: 50, description: "A slug of GET /v1/regions", examples: ["ru_volga"] }),
  ),
  age_ceiling: Type.Optional(
    Type.Union(
      ([0, 6, 12, 16, 18] as const).map((ceiling) => Type.Literal(ceiling)),
      { description: "People who may watch this and nothing higher" },
    ),
  ),
  page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
});

export function show(row: ListedRow, region: string, now: Date) {
  return {
    id: row.id,
    status: row.status,
    email: row.email,
    display_name: row.display_name,
    region,
    birth_date: row.birth_date,
    birth_date_precision: row.birth_date_precision,
    age_ceiling: ageCeilingOf(row.birth_date, now),
    locale: row.locale,
    roles: [...row.roles],
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
