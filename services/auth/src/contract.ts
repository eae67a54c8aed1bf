/** The contract as the routes declare it, made without touching a database: run by `npm run generate`. */
import { contractOf, createLogger } from "@kinopass/http";
import { buildAuth } from "./app.ts";
import { systemClock } from "./clock.ts";
import { readAuthConfig } from "./config.ts";
import { feedContract } from "./revocations/asyncapi.ts";

export async function authContract(): Promise<object> {
  const key = Buffer.alloc(32).toString("base64");
  const config = readAuthConfig({
    DATABASE_URL: "postgres://nowhere.invalid/auth",
    SMTP_URL: "smtp://nowhere.invalid",
    AUTH_KEYS: `0:${key}`,
    AUTH_DIRECTORY_KEY: key,
    AUTH_ISSUER: "http://127.0.0.1:8000",
  });
  const auth = await buildAuth({
    config,
    clock: systemClock,
    logger: createLogger({ level: "silent", service: "auth" }),
  });
  const document = await contractOf(auth.app);
  await auth.app.close();
  await auth.close();
  return document;
}

/** The revocation feed as an AsyncAPI document; made from the schema alone. */
export function authFeedContract(): object {
  return feedContract("1.0.0");
}
