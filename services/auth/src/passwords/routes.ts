import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import { CaptchaPassField, EmailField } from "../accounts/fields.ts";
import { type CaptchaDemand, captchaRefusals } from "../captcha/demand.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import { clientOf, DeviceSchema, deviceOf } from "../http/client.ts";
import { showTokens, TokensSchema } from "../sessions/schemas.ts";
import { refuse as refuseSession } from "../sessions/sessions.ts";
import { refuse as refuseHash } from "./lane.ts";
import { refuse as refusePolicy } from "./policy.ts";
import { refuse } from "./refusals.ts";
import type { PasswordSignIn } from "./sign-in.ts";

/** The password door. */
export function signInRoutes(
  app: Server,
  { signIn, captchaDemand }: { signIn: PasswordSignIn; captchaDemand: CaptchaDemand },
): void {
  app.post(
    "/v1/sessions",
    {
      config: {
        limit: { class: "sign-in" },
        refuses: [
          refuseEmail.email_invalid,
          refusePolicy.password_too_long,
          refuse.credentials_wrong,
          refuseSession.account_disabled,
          refuseHash.busy_try_again,
          ...captchaRefusals,
        ],
      },
      preHandler: captchaDemand.beforeSignIn,
      onResponse: captchaDemand.afterSignIn,
      schema: {
        operationId: "signIn",
        summary: "Sign in with e-mail and password",
        description:
          "An unknown address, a wrong password and an account without a password are one answer, in one time.",
        tags: ["sessions"],
        body: Type.Object(
          {
            email: EmailField,
            password: Type.String({ minLength: 1 }),
            device: Type.Optional(DeviceSchema),
            captcha_pass: Type.Optional(CaptchaPassField),
          },
          {
            examples: [
              {
                email: "anna@example.com",
                password: "четыре зелёных сапога",
                device: { name: "Living-room TV", kind: "tv" },
              },
            ],
          },
        ),
        response: { 201: TokensSchema },
      },
    },
    async (request, reply) => {
      const { email, password, device } = request.body;
      const client = clientOf(request);
      const credentials = { email: parseEmail(email), password };
      const tokens = await signIn.signIn(credentials, client, deviceOf(device, client));
      return reply.code(201).send(showTokens(tokens));
    },
  );
}
