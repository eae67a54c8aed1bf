import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import { CaptchaPassField, EmailField } from "../accounts/fields.ts";
import { type CaptchaDemand, captchaRefusals } from "../captcha/demand.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import { clientOf, DeviceSchema, deviceOf } from "../http/client.ts";
import { showTokens, TokensSchema } from "../sessions/schemas.ts";
import { refuse as refuseSession } from "../sessions/sessions.ts";
import type { SignInGuard } from "../sign-in-guard/sign-in-guard.ts";
import { refuse as refuseHash } from "./lane.ts";
import type { Passwords } from "./passwords.ts";
import { refuse as refusePolicy } from "./policy.ts";
import { refuse } from "./refusals.ts";
import type { PasswordSignIn } from "./sign-in.ts";

interface Dependencies {
  readonly passwords: Passwords;
  readonly signIn: PasswordSignIn;
  readonly signInGuard: SignInGuard;
  readonly captchaDemand: CaptchaDemand;
}

/** The password door. */
export function signInRoutes(
  app: Server,
  { passwords, signIn, signInGuard, captchaDemand }: Dependencies,
): void {
  const demandCaptcha = async (request: object) => {
    if (!signInGuard.hasUsedPass(request)) await captchaDemand.beforeSignIn(request);
  };

  app.post(
    "/v1/sessions",
    {
      config: {
        // The guard decides: its class depends on the device and the account.
        limit: false,
        priority: "low",
        room: passwords.room,
        refuses: [
          refuseEmail.email_invalid,
          refusePolicy.password_too_long,
          refuse.credentials_wrong,
          refuseSession.account_disabled,
          refuseHash.busy_try_again,
          ...captchaRefusals,
        ],
      },
      onRequest: signInGuard.early,
      preHandler: [signInGuard.recall, passwords.takePlace, signInGuard.before, demandCaptcha],
      onSend: captchaDemand.afterSignIn,
      onResponse: signInGuard.after,
      schema: {
        operationId: "signIn",
        summary: "Sign in with e-mail and password",
        description:
          "An unknown address, a wrong password and an account without a password are one answer, in one time. Too many tries at an account are refused with 429 and `captcha_action`: a `captcha_pass` for that action lets a try in. A device that signed in before is not held up by others: browsers prove it by a cookie, apps by sending back the `X-Kinopass-Device` they were answered with (`new` the first time).",
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
      const tokens = await signInGuard.watch(request, password, () =>
        signIn.signIn(credentials, client, deviceOf(device, client)),
      );
      signInGuard.welcome(request, reply, email);
      return reply.code(201).send(showTokens(tokens));
    },
  );
}
