import { escapeHtml } from "./layout.ts";
import type { Inside, LinkedAccount, ListedProvider } from "./social-client.ts";
import { type Language, told, WORDS, type Words } from "./social-words.ts";

export interface Notice {
  readonly kind: "good" | "bad";
  /** Of Auth's codes, or `linked`, `unlinked`. */
  readonly code: string;
}

export interface Shown {
  readonly language: Language;
  readonly providers: readonly ListedProvider[];
  /** Where the emulators are. */
  readonly emulators: string;
  readonly notice: Notice | undefined;
}

/** Buttons to come in by. */
export function doors(shown: Shown): string {
  const words = WORDS[shown.language];
  return `<h1>${words.come}</h1>
${said(words, shown.notice)}
<p>${words.noKey}</p>
${buttons(shown, "enter", words.enter)}
${explained(words, shown.emulators)}`;
}

/** What a person sees who is signed in. */
export function cabinet(shown: Shown, { me, links }: Inside): string {
  const words = WORDS[shown.language];
  const facts = [
    me.email ?? words.noEmail,
    me.birth_date === null ? words.unborn : words.born(me.birth_date),
    words.ceiling(me.age_ceiling),
    me.has_password ? words.password : words.noPassword,
  ];
  const cards = links.map((link) => linked(link, shown)).join("");
  return `<h1>${escapeHtml(words.hello(me.display_name ?? words.viewer))}</h1>
${said(words, shown.notice)}
<p class="soft">${facts.map(escapeHtml).join(" · ")}</p>
<form method="post" action="/social/leave"><button class="quiet">${words.leave}</button></form>
<h2>${words.ways}</h2>
${links.length === 0 ? `<p>${words.none}</p>` : `<ul class="cards ways">${cards}</ul>`}
<h2>${words.another}</h2>
${buttons(shown, "link", words.link)}
${explained(words, shown.emulators)}`;
}

function linked(
  { id, provider, display_name, usable }: LinkedAccount,
  { language, providers }: Shown,
): string {
  const words = WORDS[language];
  const title = providers.find(({ name }) => name === provider)?.title[language] ?? provider;
  const about = [display_name ?? words.noName, ...(usable ? [] : [words.unusable])].join(" · ");
  return `<li class="card"><h3>${escapeHtml(title)}</h3><p>${escapeHtml(about)}</p>
<form method="post" action="/social/unlink/${encodeURIComponent(id)}"><button class="quiet" aria-label="${escapeHtml(words.unlinkThis(title))}">${words.unlink}</button></form></li>`;
}

function buttons(
  { language, providers }: Shown,
  act: "enter" | "link",
  verb: (name: string) => string,
): string {
  const words = WORDS[language];
  const items = providers.map(({ name, title, state }) => {
    const ill = state === "ok" ? "" : `<small>${words[state]}</small>`;
    const look = state === "down" ? ' class="quiet"' : "";
    return `<li><form method="post" action="/social/${act}/${encodeURIComponent(name)}"><button${look}>${escapeHtml(verb(title[language]))}${ill}</button></form></li>`;
  });
  return `<ul class="cards doors">${items.join("")}</ul>`;
}

function said(words: Words, notice: Notice | undefined): string {
  if (notice === undefined) return "";
  const role = notice.kind === "good" ? "status" : "alert";
  return `<p role="${role}" class="notice ${notice.kind}">${escapeHtml(told(words, notice.code))}</p>`;
}

function explained(words: Words, emulators: string): string {
  return `<p class="soft">${words.ill} <a href="${emulators}/">${words.switchboard}</a> · <a href="/mailbox">${words.mailbox}</a></p>`;
}
