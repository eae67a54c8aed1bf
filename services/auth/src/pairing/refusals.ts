import { type AppError, refusals } from "@kinopass/http";

export const refuse = refusals({
  authorization_pending: {
    status: 400,
    title: {
      en: "Nobody confirmed the code yet; ask again",
      ru: "Код ещё никто не подтвердил, спросите снова",
    },
  },
  slow_down: {
    status: 400,
    title: { en: "Ask less often", ru: "Спрашивайте реже" },
    detail: {
      en: "`interval` says how many seconds to wait between two questions from now on",
      ru: "`interval` говорит, сколько секунд ждать между вопросами",
    },
  },
  access_denied: {
    status: 400,
    title: {
      en: "The sign-in was refused on the other device",
      ru: "Во входе отказано на другом устройстве",
    },
  },
  expired_token: {
    status: 400,
    title: { en: "The code ran out; ask for a new one", ru: "Код истёк, запросите новый" },
  },
  device_code_unknown: {
    status: 400,
    title: { en: "There is no such device code", ru: "Такого кода устройства нет" },
  },
  user_code_unknown: {
    status: 404,
    title: { en: "There is no such code, or it ran out", ru: "Такого кода нет, или он истёк" },
    detail: {
      en: "Compare it with the TV; a code works for ten minutes",
      ru: "Сверьте его с экраном телевизора, код действует десять минут",
    },
  },
  pairing_decided: {
    status: 409,
    title: { en: "This code was decided about already", ru: "По этому коду решение уже принято" },
    detail: {
      en: "If this was not you, ask the TV for a new code",
      ru: "Если это были не вы, запросите на телевизоре новый код",
    },
  },
});

/** The OAuth error that goes into `error`, for clients that know RFC 8628 §3.5 and not our codes. */
const OAUTH = {
  authorization_pending: "authorization_pending",
  slow_down: "slow_down",
  access_denied: "access_denied",
  expired_token: "expired_token",
  device_code_unknown: "invalid_grant",
} as const;

export const pollRefusals = (Object.keys(OAUTH) as (keyof typeof OAUTH)[]).map((code) => refuse[code]);

/** A refusal of the token endpoint: a problem document that is an OAuth error as well (RFC 6749 §5.2). */
export function notYet(code: keyof typeof OAUTH, members: Readonly<Record<string, unknown>> = {}): AppError {
  return refuse[code]({ members: { error: OAUTH[code], ...members } });
}
