import type { Emulated } from "./ground.ts";
import type { Language } from "./language.ts";
import type { Person } from "./people.ts";

/** Colours only hint at who is being played: nothing here may pass for the real thing. */
const BRANDS: Readonly<Record<Emulated, { title: string; inRussian?: string; colour: string }>> = {
  yandex: { title: "Yandex ID", colour: "#c8102e" },
  vk: { title: "VK ID", colour: "#0057d9" },
  mailru: { title: "Mail.ru", colour: "#00509e" },
  google: { title: "Google", colour: "#1a56c4" },
  facebook: { title: "Facebook", colour: "#1259c3" },
  x: { title: "X", colour: "#222222" },
  odnoklassniki: { title: "Odnoklassniki", inRussian: "Одноклассники", colour: "#b25a00" },
  telegram: { title: "Telegram", colour: "#146f9c" },
  apple: { title: "Apple", colour: "#333333" },
};

export function titleOf(provider: Emulated, language: Language): string {
  const { title, inRussian } = BRANDS[provider];
  return language === "ru" ? (inRussian ?? title) : title;
}

const WORDS = {
  en: {
    emulator: "This is an emulator on your own machine. The real provider takes no part.",
    asks: "asks to sign you in. Who are you today?",
    wants: "It wants to know",
    nothing: "who you are",
    agree: "Continue",
    refuse: "Refuse",
    somebodyNew: "Somebody new, never seen before",
    goBack: "You agreed. One more step takes you back.",
    back: "Return to the app",
    client: "No app with this client_id is registered",
    redirect: "This redirect_uri is not registered for the app",
    stale: "This page was answered already or is too old. Start again from the app.",
    person: "There is no such person",
  },
  ru: {
    emulator: "Это эмулятор на вашей машине. Настоящий сервис здесь не участвует.",
    asks: "просит разрешения на вход. Кто вы сегодня?",
    wants: "Приложение хочет узнать",
    nothing: "кто вы",
    agree: "Продолжить",
    refuse: "Отказаться",
    somebodyNew: "Кто-то новый, кого ещё не было",
    goBack: "Вы согласились. Остался один шаг.",
    back: "Вернуться в приложение",
    client: "Приложение с таким client_id не зарегистрировано",
    redirect: "Этот redirect_uri у приложения не зарегистрирован",
    stale: "На эту страницу уже ответили, или она устарела. Начните в приложении заново.",
    person: "Такого человека нет",
  },
} as const;

export interface ConsentPage {
  readonly language: Language;
  readonly provider: Emulated;
  readonly appName: string;
  readonly scopes: readonly string[];
  readonly people: readonly Person[];
  readonly requestId: string;
}

export function consentPage({ language, provider, appName, scopes, people, requestId }: ConsentPage): string {
  const words = WORDS[language];
  const choices = [
    ...people.map((person, index) =>
      choice(person.id, `${person.firstName} ${person.lastName}`, person.about[language], index === 0),
    ),
    choice("new", words.somebodyNew, "", people.length === 0),
  ];
  return page(
    language,
    titleOf(provider, language),
    BRANDS[provider].colour,
    `<p class="app"><strong>${escaped(appName)}</strong> ${words.asks}</p>
<p class="scopes">${words.wants}: ${scopes.length === 0 ? words.nothing : scopes.map(escaped).join(", ")}</p>
<form method="post" action="/_emulator/consent">
<input type="hidden" name="request" value="${escaped(requestId)}">
<fieldset>${choices.join("\n")}</fieldset>
<div class="buttons">
<button name="decision" value="allow">${words.agree}</button>
<button name="decision" value="deny" class="quiet">${words.refuse}</button>
</div></form>`,
  );
}

/** Answers by POST without a script: the person presses the button. */
export function formPostPage(
  language: Language,
  action: string,
  fields: Readonly<Record<string, string>>,
): string {
  const words = WORDS[language];
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  return page(
    language,
    titleOf("apple", language),
    BRANDS.apple.colour,
    `<p class="app">${words.goBack}</p>
<form method="post" action="${escaped(action)}">${hidden.join("")}
<div class="buttons"><button>${words.back}</button></div></form>`,
  );
}

export function refusalPage(
  language: Language,
  what: "client" | "redirect" | "stale" | "person",
  value: string,
): string {
  const shown = value === "" ? "" : `<p><code>${escaped(value.slice(0, 300))}</code></p>`;
  return page(language, "400", "#8a1c1c", `<p class="app">${WORDS[language][what]}</p>${shown}`);
}

export function page(language: Language, title: string, colour: string, body: string): string {
  return `<!doctype html>
<html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escaped(title)} · emulator</title><link rel="icon" href="data:,">
<style>
:root{color-scheme:light dark;--tint:${colour}}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.5 system-ui,sans-serif;background:light-dark(#f3f4f7,#15171b)}
main{width:min(30rem,calc(100vw - 2rem));margin:1rem 0;border-radius:1rem;overflow:hidden;background:light-dark(#fff,#202328);box-shadow:0 .5rem 2rem #0003}
header{background:var(--tint);color:#fff;padding:1rem 1.5rem;font-size:1.25rem;font-weight:600}
.note{margin:0;padding:.5rem 1.5rem;font-size:.85rem;background:#ffd66b;color:#3a2c00}
section{padding:1rem 1.5rem 1.5rem}.app{overflow-wrap:anywhere}.scopes{font-size:.9rem;opacity:.8}
fieldset{border:0;padding:0;margin:1rem 0;display:grid;gap:.5rem}
label{display:flex;gap:.75rem;align-items:center;padding:.6rem .8rem;border:1px solid #8886;border-radius:.6rem;cursor:pointer}
label:has(:checked){border-color:var(--tint);box-shadow:inset 0 0 0 1px var(--tint)}
label small{display:block;opacity:.75}
.buttons{display:flex;gap:.75rem;flex-wrap:wrap}
button{flex:1;padding:.7rem 1rem;border:0;border-radius:.6rem;font:inherit;font-weight:600;background:var(--tint);color:#fff;cursor:pointer}
button.quiet{background:none;color:inherit;border:1px solid #8888}
:focus-visible{outline:3px solid var(--tint);outline-offset:2px}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .5rem .3rem 0;vertical-align:top}select{font:inherit}
</style>
<main><header>${escaped(title)}</header><p class="note">${WORDS[language].emulator}</p><section>${body}</section></main></html>`;
}

function choice(value: string, name: string, about: string, checked: boolean): string {
  const small = about === "" ? "" : `<small>${escaped(about)}</small>`;
  return `<label><input type="radio" name="person" value="${escaped(value)}"${checked ? " checked" : ""}><span>${escaped(name)}${small}</span></label>`;
}

export function escaped(value: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return value.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
