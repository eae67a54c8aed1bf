import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import { refuse as refuseCode } from "../codes/codes.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import {
  type Authenticate,
  memberRefusals,
  memberSecurity,
  refuse as refuseMember,
} from "../http/authenticate.ts";
import { refuse as refuseAccount } from "./accounts.ts";
import { actingOf } from "./acting.ts";
import { type EmailChange, refuse } from "./email-change.ts";
import { CodeField, EmailField } from "./fields.ts";

const tags = ["accounts"];
const security = memberSecurity;

export function emailRoutes(
  app: Server,
  { emailChange, authenticate }: { readonly emailChange: EmailChange; readonly authenticate: Authenticate },
): void {
  app.put(
    "/v1/me/email",
    {
      config: {
        limit: { class: "reset" },
        refuses: [
          ...memberRefusals,
          refuseMember.reauth_required,
          refuseAccount.account_not_found,
          refuseEmail.email_invalid,
          refuse.email_unchanged,
        ],
      },
      schema: {
        operationId: "askEmailChange",
        summary: "Change my address: a code is mailed to the new one",
        description: "Needs a sign-in of the last ten minutes. The old address is told.",
        tags,
        security,
        body: Type.Object({ email: EmailField }, { examples: [{ email: "anna.new@example.com" }] }),
        response: {
          202: Type.Object(
            { next: Type.Literal("confirm_email") },
            { description: "Look into the new mailbox", examples: [{ next: "confirm_email" }] },
          ),
        },
      },
    },
    async (request, reply) => {
      const acting = actingOf(await authenticate.freshMember(request), request);
      await emailChange.ask(acting, parseEmail(request.body.email));
      return reply.code(202).send({ next: "confirm_email" as const });
    },
  );

  app.post(
    "/v1/me/email/confirm",
    {
      config: {
        limit: { class: "sign-in" },
        refuses: [
          ...memberRefusals,
          refuseAccount.account_not_found,
          refuseCode.code_wrong,
          refuseAccount.email_taken,
        ],
      },
      schema: {
        operationId: "confirmEmailChange",
        summary: "Confirm my new address with the code from the mail",
        tags,
        security,
        body: Type.Object({ code: CodeField }, { examples: [{ code: "40728163" }] }),
        response: { 204: Type.Null({ description: "Changed" }) },
      },
    },
    async (request, reply) => {
      const acting = actingOf(await authenticate.member(request), request);
      await emailChange.confirm(acting, request.body.code);
      return reply.code(204).send(null);
    },
  );
}
