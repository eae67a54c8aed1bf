/**
 * libpq's variables (PGSSLMODE, PGOPTIONS, PGPASSWORD …) go with every connection that this process opens. What people set
 * there is for servers of their own; a server that Kinopass started itself would be spoken to wrongly, or not at all.
 */
export function forgetOtherServers(env: Record<string, string | undefined>): void {
  for (const name of Object.keys(env)) if (/^PG[A-Z]+$/.test(name)) delete env[name];
}
