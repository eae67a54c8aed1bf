/** What the acts of administrators ask for. A role is a named set of these; `*` is all of them, present and future. */
export const PERMISSIONS = {
  "accounts:read": "See accounts: by id, by exact e-mail, by region and age",
  "accounts:write": "Disable and enable accounts",
  "sessions:end": "Sign an account out everywhere",
  "roles:read": "See roles and what they permit",
  "roles:write": "Make, change and delete roles",
  "roles:grant": "Give roles to accounts and take them away",
  "*": "Everything",
} as const;

export type Permission = keyof typeof PERMISSIONS;

export function permits(own: ReadonlySet<string>, needed: string): boolean {
  return own.has("*") || own.has(needed);
}

/** What of `needed` is beyond `own`. */
export function beyond(own: ReadonlySet<string>, needed: Iterable<string>): string[] {
  return [...needed].filter((permission) => !permits(own, permission));
}
