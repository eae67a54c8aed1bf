import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { type CaptchaDemand, captchaRefusals } from "../captcha/demand.ts";
import { refuse as refuseCode } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import { parseEmail, refuse as refuseEmail } from "../directory/email-address.ts";
import { clientOf, DeviceSchema, deviceOf } from "../http/client.ts";
import { refuse as refuseHash } from "../passwords/lane.ts";
import { policyRefusals } from "../passwords/policy.ts";
import { refuse as refuseRegion } from "../regions/regions.ts";
import { showTokens, TokensSchema } from "../sessions/schemas.ts";
import { emailName } from "../sign-in-guard/names.ts";
import { refuse } from "./accounts.ts";
import { refuse as refuseBirthDate } from "./birth-date.ts";
import {
  BirthDateField,
  CaptchaPassField,
  CodeField,
  DisplayNameField,
  EmailField,
  LocaleField,
  PasswordField,
  RegionField,
} from "./fields.ts";
import type { SignUp } from "./sign-up.ts";

const tags = ["accounts"];

interface Dependencies {
  readonly signUp: SignUp;
  readonly captchaDemand: CaptchaDemand;
  readonly directory: Directory;
}

export function signUpRoutes(app: Server, { signUp, captchaDemand, directory }: Dependencies): void {
  app.post(
    "/v1/accounts",
    {
      config: {
        limit: { class: "sign-up", account: emailName(directory, "sign-up") },
        refuses: [
          refuseEmail.email_invalid,
          ...policyRefusals,
          refuseBirthDate.birth_date_invalid,
          refuseRegion.region_unknown,
          refuseHash.busy_try_again,
          ...captchaRefusals,
        ],
      },
      preHandler: captchaDemand.beforeSignUp,
      schema: {
        operationId: "signUp",
        summary: "Sign up: a code is mailed to the address",
        description:
          "The answer is the same whether or not the address has an account; its owner is told by mail. Signing up again mails another code; each code confirms its own sign-up.",
        tags,
        body: Type.Object(
          {
            email: EmailField,
            password: PasswordField,
            display_name: Type.Optional(DisplayNameField),
            birth_date: Type.Optional(BirthDateField),
            region: Type.Optional(RegionField),
            locale: Type.Optional(LocaleField),
            captcha_pass: Type.Optional(CaptchaPassField),
          },
          {
            examples: [
              {
                email: "anna@example.com",
                password: "четыре зелёных сапога",
                display_name: "Анна",
                birth_date: "1990-05-17",
                region: "ru_volga",
                locale: "ru",
              },
            ],
          },
        ),
        response: {
          202: Type.Object(
            { next: Type.Literal("confirm_email") },
            { description: "Look into the mailbox", examples: [{ next: "confirm_email" }] },
          ),
        },
      },
    },
    async (request, reply) => {
      const { email, password, display_name, birth_date, region, locale } = request.body;
      await signUp.begin(
        {
          email: parseEmail(email),
          password,
          displayName: display_name,
          birthDate: birth_date,
          region,
          locale: locale ?? chooseLanguage(request.headers["accept-language"]),
        },
        clientOf(request),
      );
      return reply.code(202).send({ next: "confirm_email" as const });
    },
  );

  app.post(
    "/v1/accounts/confirm",
    {
      config: {
        limit: { class: "sign-in", account: emailName(directory, "sign-up-code") },
        refuses: [refuseEmail.email_invalid, refuseCode.code_wrong, refuse.email_taken],
      },
      schema: {
        operationId: "confirmSignUp",
        summary: "Confirm the address with the code from the mail; signs in",
        tags,
        body: Type.Object(
          { email: EmailField, code: CodeField, device: Type.Optional(DeviceSchema) },
          { examples: [{ email: "anna@example.com", code: "40728163" }] },
        ),
        response: { 201: TokensSchema },
      },
    },
    async (request, reply) => {
      const { email, code, device } = request.body;
      const client = clientOf(request);
      const tokens = await signUp.confirm(parseEmail(email), code, client, deviceOf(device, client));
      return reply.code(201).send(showTokens(tokens));
    },
  );
}
