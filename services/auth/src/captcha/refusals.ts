import { refusals } from "@kinopass/http";
import { ChallengesAway } from "./challenge-store.ts";
import { EXAMPLE } from "./schemas.ts";

export const refuse = refusals({
  captcha_required: {
    status: 403,
    title: { en: "Solve a small sum first", ru: "Сначала решите небольшой пример" },
    detail: {
      en: "POST /v1/captcha/challenges with this `action`; the pass of its answer goes into captcha_pass",
      ru: "POST /v1/captcha/challenges с этим `action`, пропуск из ответа передайте в captcha_pass",
    },
  },
  captcha_wrong: {
    status: 422,
    title: { en: "Not quite; here is another sum", ru: "Не совсем, вот другой пример" },
    example: { challenge: { ...EXAMPLE, tries_left: 2 } },
  },
  // Answered like a wrong one: who knows only that one, and shows the next sum, does all that is needed.
  captcha_once_more: {
    status: 422,
    title: { en: "Right. One more.", ru: "Верно. Ещё один." },
    detail: {
      en: "After a wrong answer, and now and then without one, two right ones in a row are needed; here is the second sum",
      ru: "После ошибки, а изредка и без неё нужны два верных ответа подряд, вот второй пример",
    },
    example: { challenge: { ...EXAMPLE, tries_left: 2 } },
  },
  captcha_spent: {
    status: 410,
    title: { en: "No tries left; ask for a new sum", ru: "Попытки кончились, запросите новый пример" },
  },
  captcha_expired: {
    status: 410,
    title: { en: "The sum ran out; ask for a new one", ru: "Время вышло, запросите новый пример" },
  },
  captcha_unknown: { status: 404, title: { en: "There is no such sum", ru: "Такого примера нет" } },
  captcha_over: {
    status: 409,
    title: {
      en: "This challenge is over; ask with another Idempotency-Key",
      ru: "Этот пример завершён, нужен другой Idempotency-Key",
    },
  },
  captcha_paused: {
    status: 429,
    title: { en: "Wait a little before the next sum", ru: "Подождите немного до следующего примера" },
  },
  captcha_refused: {
    status: 429,
    title: {
      en: "Too many sums were asked for from your network",
      ru: "Из вашей сети запросили слишком много примеров",
    },
  },
  captcha_unavailable: {
    status: 503,
    title: {
      en: "Sums are not available for a moment; try again",
      ru: "Примеры ненадолго недоступны, попробуйте ещё раз",
    },
  },
});

/** A store that does not answer is our trouble: 503, never a wrong answer, and never a free pass. */
export async function orUnavailable<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof ChallengesAway)) throw error;
    throw refuse.captcha_unavailable({ cause: error, headers: { "retry-after": "1" } });
  }
}
