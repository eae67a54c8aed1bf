import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openServices } from "@kinopass/auth/commands";

interface Credential {
  readonly id: string;
  readonly secret: string;
}

/**
 * The catalog's credential for the revocation feed, made as an operator would (`kinopass service add`)
 * and kept beside the stand's other secrets. Auth must have migrated already.
 */
export async function catalogCredential(
  home: string,
  env: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const file = join(home, "catalog-credential.json");
  const services = openServices(env);
  try {
    const known = await services.list();
    const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Credential) : undefined;
    const credential =
      kept !== undefined && known.some(({ id }) => id === kept.id)
        ? kept
        : await services.add(`catalog-${known.length + 1}`, ["revocations", "introspect"]);
    writeFileSync(file, JSON.stringify(credential), { mode: 0o600 });
    return { CATALOG_SERVICE_ID: credential.id, CATALOG_SERVICE_SECRET: credential.secret };
  } finally {
    await services.close();
  }
}
