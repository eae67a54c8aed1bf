import { Type } from "typebox";
import { refusals } from "./refusals.ts";
import type { Server } from "./server.ts";

const refuse = refusals({
  not_ready: { status: 503, title: { en: "Not ready to serve", ru: "Пока не готов обслуживать" } },
});

/** A dependency that readiness asks about. It must have a deadline of its own. */
export interface ReadinessCheck {
  readonly name: string;
  /** Where it fails, the service still serves, poorer; it is shown, not counted. */
  readonly optional?: boolean;
  check(): Promise<boolean>;
}

const leaving = new WeakSet<Server>();

/** Turns readiness red for good: balancers send nothing new to a server that is about to close. */
export function announceLeaving(app: Server): void {
  leaving.add(app);
}

/** /livez: the process answers. /readyz: it can serve. Outside every limit. */
export function healthRoutes(app: Server, checks: readonly ReadinessCheck[]): void {
  const config = { limit: false, trace: false, refuses: [refuse.not_ready] } as const;
  const State = Type.Object({ status: Type.Literal("ok") }, { examples: [{ status: "ok" }] });
  app.get(
    "/livez",
    {
      config,
      schema: {
        operationId: "live",
        summary: "The process answers",
        tags: ["health"],
        response: { 200: State },
      },
    },
    async () => ({ status: "ok" }) as const,
  );
  app.get(
    "/readyz",
    {
      config,
      schema: {
        operationId: "ready",
        summary: "The service can serve",
        tags: ["health"],
        response: {
          200: Type.Object(
            { status: Type.Literal("ok"), checks: Type.Record(Type.String(), Type.Boolean()) },
            { examples: [{ status: "ok", checks: { database: true } }] },
          ),
        },
      },
    },
    async () => {
      if (leaving.has(app)) throw refuse.not_ready({ members: { missing: ["leaving"] } });
      const results = await Promise.all(
        checks.map(async ({ name, check }) => [name, await check().catch(() => false)] as const),
      );
      const missing = checks.filter(
        ({ optional }, index) => optional !== true && results[index]?.[1] !== true,
      );
      if (missing.length > 0)
        throw refuse.not_ready({
          members: { missing: missing.map(({ name }) => name) },
          headers: { "retry-after": "1" },
        });
      return { status: "ok", checks: Object.fromEntries(results) } as const;
    },
  );
}
