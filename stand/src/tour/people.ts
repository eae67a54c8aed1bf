/** Who the tour brings along: viewers with a mailbox, and a superuser from the console. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { codeFromMailbox } from "@kinopass/cli/mailbox-code";
import { type Answer, call, remark, Surprise } from "./show.ts";
import type { Stand } from "./stand.ts";

export const PASSWORD = "four plain words here";

export async function signUp(
  { auth, stand }: Pick<Stand, "auth" | "stand">,
  email: string,
  birthDate: string,
): Promise<Answer> {
  const body = {
    email,
    password: PASSWORD,
    display_name: email.split("-")[0] ?? "",
    birth_date: birthDate,
    region: "ru_volga",
    locale: "en",
  };
  await call({ method: "POST", url: `${auth}/v1/accounts`, body, expect: 202 });
  const code = await codeFromMailbox(stand, email);
  if (code === undefined) throw new Surprise(`No letter with a code came to ${email}`);
  remark(`The mailbox has the letter; its code is ${code}.`);
  return await call({
    method: "POST",
    url: `${auth}/v1/accounts/confirm`,
    body: { email, code },
    expect: 201,
  });
}

/** As an operator would: the password by standard input, never in the arguments. */
export async function superuser(auth: string, email: string): Promise<Answer> {
  const password = randomBytes(18).toString("base64url");
  const console_ = fileURLToPath(new URL("main.js", import.meta.resolve("@kinopass/cli")));
  remark(`$ kinopass superuser create --email ${email} --password-stdin`);
  const made = spawnSync(
    process.execPath,
    [console_, "superuser", "create", "--email", email, "--password-stdin"],
    { input: `${password}\n`, encoding: "utf8", timeout: 30_000 },
  );
  if (made.status !== 0) throw new Surprise(`The console answered: ${made.stderr || made.stdout}`);
  return await call({ method: "POST", url: `${auth}/v1/sessions`, body: { email, password }, expect: 201 });
}
