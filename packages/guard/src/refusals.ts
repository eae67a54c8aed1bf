interface RefusalText {
  readonly status: 401 | 403 | 503;
  readonly title: { readonly en: string; readonly ru: string };
}

/**
 * Everything the guard may refuse. Codes are stable; services list them in their contract. 401 is
 * only ever about the token, 503 only about us.
 */
export const guardRefusals = {
  sign_in_required: { status: 401, title: { en: "Sign in to go on", ru: "Войдите, чтобы продолжить" } },
  token_invalid: {
    status: 401,
    title: { en: "The access token is not valid", ru: "Токен доступа недействителен" },
  },
  token_expired: {
    status: 401,
    title: { en: "The access token has expired", ru: "Срок действия токена доступа истёк" },
  },
  token_outdated: {
    status: 401,
    title: {
      en: "The account has changed; refresh the access token",
      ru: "Учётная запись изменилась, обновите токен доступа",
    },
  },
  session_ended: {
    status: 401,
    title: { en: "This session has been ended", ru: "Этот сеанс завершён" },
  },
  role_required: {
    status: 403,
    title: { en: "Your account lacks the needed role", ru: "У вашей учётной записи нет нужной роли" },
  },
  age_restricted: {
    status: 403,
    title: { en: "Not for the age set on this account", ru: "Недоступно для возраста, указанного в профиле" },
  },
  strict_unavailable: {
    status: 503,
    title: {
      en: "This cannot be confirmed right now; try again shortly",
      ru: "Сейчас это нельзя подтвердить, попробуйте чуть позже",
    },
  },
  auth_unavailable: {
    status: 503,
    title: {
      en: "Sign-in is unavailable for a moment; try again shortly",
      ru: "Вход временно недоступен, попробуйте чуть позже",
    },
  },
} as const satisfies Record<string, RefusalText>;

export type RefusalCode = keyof typeof guardRefusals;

/** A refusal ready to be answered. Shaped so that `new AppError(code, refusal, refusal)` of @kinopass/http takes it. */
export interface GuardRefusal {
  readonly code: RefusalCode;
  readonly status: 401 | 403 | 503;
  readonly title: { readonly en: string; readonly ru: string };
  /** WWW-Authenticate with 401 (RFC 6750 §3), Retry-After with 503. */
  readonly headers: Readonly<Record<string, string>>;
}

export function refusalOf(code: RefusalCode, retryAfterSeconds?: number): GuardRefusal {
  const { status, title } = guardRefusals[code];
  return { code, status, title, headers: headersOf(code, status, retryAfterSeconds) };
}

function headersOf(
  code: RefusalCode,
  status: GuardRefusal["status"],
  retryAfterSeconds = 5,
): Readonly<Record<string, string>> {
  if (status === 503) return { "retry-after": String(retryAfterSeconds) };
  if (code === "sign_in_required") return { "www-authenticate": 'Bearer realm="kinopass"' };
  const error = status === 401 ? "invalid_token" : "insufficient_scope";
  return {
    "www-authenticate": `Bearer realm="kinopass", error="${error}", error_description="${guardRefusals[code].title.en}"`,
  };
}
