import { chooseLanguage, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { clientOf } from "../http/client.ts";
import { networkOf } from "../http/network.ts";
import { ACTIONS, type CaptchaAction, callerOf, outerIdOf, readOuterId } from "./caller.ts";
import { type Captcha, type Issued, pngOf, type ShownChallenge, svgOf } from "./captcha.ts";
import { orUnavailable, refuse } from "./refusals.ts";
import { Challenge, EXAMPLE, PictureQuery } from "./schemas.ts";

type PictureForm = "svg" | "png";

const tags = ["tv"];
const LONGEST_KEY = 200;

/** Idempotency-Key: whoever repeats a request whose answer was lost gets that answer. */
function retryKeyOf({ "idempotency-key": key }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof key === "string" && key !== "" && key.length <= LONGEST_KEY ? key : undefined;
}

const limit = { class: "captcha" } as const;

export function captchaRoutes(app: Server, { captcha }: { captcha: Captcha }): void {
  issueRoute(app, captcha);
  answerRoute(app, captcha);
}

const Asked = Type.Object(
  {
    action: Type.Union((Object.keys(ACTIONS) as CaptchaAction[]).map((action) => Type.Literal(action))),
  },
  { examples: [{ action: "sign_up" }] },
);

function issueRoute(app: Server, captcha: Captcha): void {
  app.post(
    "/v1/captcha/challenges",
    {
      config: {
        limit,
        refuses: [
          refuse.captcha_paused,
          refuse.captcha_refused,
          refuse.captcha_over,
          refuse.captcha_unavailable,
        ],
      },
      schema: {
        operationId: "issueCaptcha",
        summary: "Get a small sum for a remote control",
        description:
          "Three tries within three minutes; the answer is a whole number from 0 to 99. With an Idempotency-Key a repeated request gets the same sum.",
        tags,
        querystring: PictureQuery,
        body: Asked,
        response: { 201: Type.Object(Challenge.properties, { examples: [EXAMPLE] }) },
      },
    },
    async (request, reply) => {
      const { action } = request.body;
      const asking = captcha.issue({
        caller: callerOf(request, action),
        network: networkOf(clientOf(request).address),
        language: chooseLanguage(request.headers["accept-language"]),
        idempotencyKey: retryKeyOf(request.headers),
      });
      const challenge = issuedOr(await orUnavailable(asking));
      return reply.code(201).send(await show(challenge, action, request.query.picture));
    },
  );
}

function issuedOr(outcome: Issued): ShownChallenge {
  switch (outcome.kind) {
    case "issued":
      return outcome.challenge;
    case "paused":
      throw refuse.captcha_paused({ headers: waitOf(outcome.retryAfterMs) });
    case "refused":
      throw refuse.captcha_refused({ headers: waitOf(outcome.retryAfterMs) });
    case "over":
      throw refuse.captcha_over();
  }
}

const Given = Type.Object(
  { answer: Type.Integer({ minimum: 0, maximum: 99 }) },
  { examples: [{ answer: 17 }] },
);

const Pass = Type.Object(
  { captcha_pass: Type.String(), expires_at: Type.String({ format: "date-time" }) },
  {
    examples: [{ captcha_pass: `kp_cp_r${"A".repeat(60)}`, expires_at: "2026-03-01T12:02:00.000Z" }],
  },
);

function answerRoute(app: Server, captcha: Captcha): void {
  app.post(
    "/v1/captcha/challenges/:id/answer",
    {
      config: {
        limit,
        refuses: [
          refuse.captcha_wrong,
          refuse.captcha_once_more,
          refuse.captcha_spent,
          refuse.captcha_expired,
          refuse.captcha_unknown,
          refuse.captcha_unavailable,
        ],
      },
      schema: {
        operationId: "answerCaptcha",
        summary: "Answer the sum; the right one earns a pass",
        description:
          "The pass is good once, within two minutes, for this action, program and network. A wrong answer shows the next sum in `challenge`; after it, and now and then from the start, two right ones in a row are needed, and the first of these is answered 422 too, as `captcha_once_more`. A program that shows the next sum at every 422 needs to know no more.",
        tags,
        querystring: PictureQuery,
        params: Type.Object({ id: Type.String({ maxLength: 60, examples: [EXAMPLE.id] }) }),
        body: Given,
        response: { 200: Pass },
      },
    },
    async (request) => {
      const named = readOuterId(request.params.id);
      if (named === undefined) throw refuse.captcha_unknown();
      const { action, id } = named;
      const asking = captcha.answer({
        id,
        answer: request.body.answer,
        caller: callerOf(request, action),
        idempotencyKey: retryKeyOf(request.headers),
      });
      const outcome = await orUnavailable(asking);
      if (outcome.kind === "solved")
        return { captcha_pass: outcome.pass, expires_at: outcome.expiresAt.toISOString() };
      if (outcome.kind !== "wrong" && outcome.kind !== "once_more") throw refuse[`captcha_${outcome.kind}`]();
      const challenge = await show(outcome.challenge, action, request.query.picture);
      throw refuse[`captcha_${outcome.kind}`]({ members: { challenge } });
    },
  );
}

/** Only the form that was asked for is drawn: a PNG costs more than all the rest. */
async function show(challenge: ShownChallenge, action: CaptchaAction, form: PictureForm = "svg") {
  const { id, triesLeft, expiresAt, picture, text } = challenge;
  return {
    id: outerIdOf(action, id),
    tries_left: triesLeft,
    expires_at: expiresAt.toISOString(),
    picture:
      form === "svg"
        ? { media_type: "image/svg+xml", data: svgOf(picture) }
        : { media_type: "image/png", data: (await pngOf(picture)).toString("base64") },
    ...(text === undefined ? {} : { text }),
  };
}

function waitOf(retryAfterMs: number): { readonly "retry-after": string } {
  return { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
}
