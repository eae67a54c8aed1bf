/** What the /social page says, in the language of the browser. */
export type Language = "en" | "ru";

/** Codes of Auth that a person can meet here; another one is shown as it is. */
type Told =
  | "denied"
  | "try_again"
  | "provider_unavailable"
  | "provider_failed"
  | "account_exists"
  | "account_disabled"
  | "link_paused"
  | "linked_elsewhere"
  | "too_many_links"
  | "session_over"
  | "last_way_in"
  | "reauth_required"
  | "social_code_invalid"
  | "rate_limited"
  | "linked"
  | "unlinked";

const EN = {
  title: "Social sign-in",
  come: "Come in with a social network",
  noKey:
    "No key is needed: all of them are played on this machine. Choose who you are on the page that opens.",
  enter: (name: string) => `Sign in with ${name}`,
  link: (name: string) => `Link ${name}`,
  unlink: "Unlink",
  unlinkThis: (name: string) => `Unlink ${name}`,
  leave: "Sign out",
  hello: (name: string) => `Hello, ${name}`,
  viewer: "viewer",
  ways: "Your ways in",
  none: "No social network is linked.",
  another: "Link another",
  noEmail: "no e-mail, which is fine",
  born: (date: string) => `born ${date}`,
  unborn: "birth date unknown",
  ceiling: (age: number) => `may watch up to ${age}+`,
  password: "has a password",
  noPassword: "no password",
  noName: "no name given",
  unusable: "not usable now",
  down: "does not answer now",
  degraded: "being tried again",
  refused: (code: string) => `Refused: ${code}`,
  ill: "Make a provider hang, answer rubbish or fall silent: its button tells so, and the others go on.",
  switchboard: "The emulators’ switchboard",
  mailbox: "Letters about new ways in",
  told: {
    denied: "You said no at the network. Nothing was kept.",
    try_again: "That took too long or came twice. Try again.",
    provider_unavailable: "This network does not answer right now. The other buttons work.",
    provider_failed: "The network gave an answer that nobody can use. Nothing was kept.",
    account_exists:
      "You seem to have an account here already. Sign in as you did before, then link this network.",
    account_disabled: "This account is disabled.",
    link_paused: "The password was reset, so this button waits: sign in another way and link it again.",
    linked_elsewhere: "That social account belongs to another account here.",
    too_many_links: "Too many social accounts are linked.",
    session_over: "You were signed out meanwhile. Sign in again.",
    last_way_in: "This is your last way in. Link another network or set a password first.",
    reauth_required: "Please sign in again first: your last sign-in was more than ten minutes ago.",
    social_code_invalid: "That took too long or came twice. Try again.",
    rate_limited: "Too many tries. Wait a minute.",
    linked: "Linked. You can sign in with it now.",
    unlinked: "Unlinked. Devices that came in by it were signed out.",
  } satisfies Record<Told, string>,
};

const RU: typeof EN = {
  title: "Вход через соцсети",
  come: "Войти через соцсеть",
  noKey: "Ключи не нужны: все сервисы сыграны на этой машине. На открывшейся странице выберите, кто вы.",
  enter: (name) => `Войти через ${name}`,
  link: (name) => `Привязать ${name}`,
  unlink: "Отвязать",
  unlinkThis: (name) => `Отвязать ${name}`,
  leave: "Выйти",
  hello: (name) => `Здравствуйте, ${name}`,
  viewer: "зритель",
  ways: "Как вы входите",
  none: "Ни одна соцсеть не привязана.",
  another: "Привязать ещё",
  noEmail: "без почты, и это нормально",
  born: (date) => `дата рождения ${date}`,
  unborn: "дата рождения неизвестна",
  ceiling: (age) => `можно смотреть до ${age}+`,
  password: "пароль есть",
  noPassword: "без пароля",
  noName: "имя не указано",
  unusable: "сейчас не действует",
  down: "сейчас не отвечает",
  degraded: "проверяем снова",
  refused: (code) => `Отказано: ${code}`,
  ill: "Пусть сервис зависнет, ответит чепухой или замолчит: его кнопка скажет об этом, остальные работают.",
  switchboard: "Пульт эмуляторов",
  mailbox: "Письма о новых способах входа",
  told: {
    denied: "Вы отказались от входа. Мы ничего не сохранили.",
    try_again: "Вход длился слишком долго или повторился. Попробуйте ещё раз.",
    provider_unavailable: "Этот сервис сейчас не отвечает. Остальные кнопки работают.",
    provider_failed: "Сервис прислал ответ, который нельзя прочесть. Мы ничего не сохранили.",
    account_exists:
      "Похоже, у вас уже есть учётная запись. Войдите так, как входили раньше, и привяжите эту соцсеть.",
    account_disabled: "Эта учётная запись отключена.",
    link_paused: "Пароль сброшен, поэтому кнопка ждёт: войдите иначе и привяжите соцсеть заново.",
    linked_elsewhere: "Эта соцсеть привязана к другой учётной записи.",
    too_many_links: "Привязано слишком много соцсетей.",
    session_over: "За это время сеанс завершился. Войдите ещё раз.",
    last_way_in: "Это единственный способ войти. Сначала привяжите другую соцсеть или задайте пароль.",
    reauth_required: "Сначала войдите ещё раз: с последнего входа прошло больше десяти минут.",
    social_code_invalid: "Вход длился слишком долго или повторился. Попробуйте ещё раз.",
    rate_limited: "Слишком много попыток. Подождите минуту.",
    linked: "Привязано. Теперь через неё можно входить.",
    unlinked: "Отвязано. Устройства, вошедшие через неё, отключены.",
  },
};

export type Words = typeof EN;
export const WORDS: Readonly<Record<Language, Words>> = { en: EN, ru: RU };

/** A code in words, where we know it. */
export function told(words: Words, code: string): string {
  return Object.hasOwn(words.told, code) ? words.told[code as Told] : words.refused(code);
}

export function languageOf(header: string | undefined): Language {
  return /^\s*ru\b/i.test(header ?? "") ? "ru" : "en";
}
