import type { Scope } from "@kinopass/auth/commands";
import { type Command, InvalidArgumentError } from "commander";
import { Refused, table } from "../io.ts";
import type { Context } from "../program.ts";
import { settle } from "../settings.ts";

const HELP = `
Scopes:
  introspect    ask whether a token is active (POST /v1/introspect)
  revoke        end the session of a token (POST /v1/revoke)
  revocations   follow the revocation feed; what a service with the guard needs

  $ kinopass service add catalog
  $ kinopass service add support-desk --scope introspect --scope revoke

The secret is printed once, alone on standard output's last line, and kept only as a hash. To change it,
add another credential, deploy it, then disable the old one. Needs DATABASE_URL.`;

const SCOPES = ["introspect", "revoke", "revocations"] as const satisfies readonly Scope[];

export function serviceCommands(program: Command, { io }: Context): void {
  const service = program.command("service").description("Credentials of the cinema's other services.");
  const open = async () => (await import("@kinopass/auth/commands")).openServices(settle(io));

  service
    .command("add")
    .description("Make a credential and print its secret, once.")
    .argument("<name>", "of the service, 2 to 40 small letters, digits and dashes", demandName)
    .option("--scope <scope>", "what it may do; may be repeated (default: revocations)", collectScope)
    .addHelpText("after", HELP)
    .action(async (name: string, { scope = ["revocations"] }: { scope?: Scope[] }) => {
      const services = await open();
      try {
        const { id, secret } = await services.add(name, scope);
        io.stderr.write(`${name} may: ${scope.join(", ")}. Keep the secret now; it is not shown again.\n`);
        io.stdout.write(`${id}\n${secret}\n`);
      } finally {
        await services.close();
      }
    });

  service
    .command("list")
    .description("Show credentials; never their secrets.")
    .action(async () => {
      const services = await open();
      try {
        const rows = (await services.list()).map(({ id, name, scopes, created_at, disabled_at }) => [
          id,
          name,
          scopes.join(" "),
          created_at.toISOString().slice(0, 10),
          disabled_at === null ? "in use" : `disabled ${disabled_at.toISOString().slice(0, 10)}`,
        ]);
        io.stdout.write(table([["ID", "NAME", "SCOPES", "MADE", "STATE"], ...rows]));
      } finally {
        await services.close();
      }
    });

  service
    .command("disable")
    .description("Stop a credential at once.")
    .argument("<id-or-name>")
    .action(async (idOrName: string) => {
      const services = await open();
      try {
        if (!(await services.disable(idOrName)))
          throw new Refused(`No credential ${idOrName} is in use. See kinopass service list.`);
        io.stdout.write(`${idOrName} is disabled.\n`);
      } finally {
        await services.close();
      }
    });
}

function demandName(name: string): string {
  if (/^[a-z][a-z0-9-]{1,39}$/.test(name)) return name;
  throw new InvalidArgumentError("It needs 2 to 40 small letters, digits and dashes, a letter first.");
}

function collectScope(given: string, before: Scope[] = []): Scope[] {
  const scope = SCOPES.find((one) => one === given);
  if (scope === undefined) throw new InvalidArgumentError(`Choose from ${SCOPES.join(", ")}.`);
  return before.includes(scope) ? before : [...before, scope];
}
