import { escapeHtml } from "./layout.ts";
import type { Inside, LinkedAccount, ListedProvider } from "./social-client.ts";

export interface Notice {
  readonly good?: string;
  /** A code of Auth's; said in words where we know them. */
  readonly bad?: string;
}

const WORDS: Readonly<Record<string, string>> = {
  denied: "You said no at the provider. Nothing was kept.",
  try_again: "That took too long or came twice. Try again.",
  provider_unavailable: "This provider does not answer right now. The other buttons work.",
  provider_failed: "The provider gave an answer that nobody can use. Nothing was kept.",
  account_exists: "Somebody has an account with that address. Sign in as you did before, then link.",
  account_disabled: "This account is disabled.",
  link_paused: "The password was reset, so this button waits: sign in otherwise and link it again.",
  linked_elsewhere: "That social account belongs to another account.",
  too_many_links: "Too many social accounts are linked.",
  session_over: "The session ended meanwhile. Sign in again.",
  last_way_in: "This is the last way in. Link another one or set a password first.",
  reauth_required: "For this, sign in again: your last sign-in is more than ten minutes ago.",
  rate_limited: "Too many tries. Wait a minute.",
};

/** Buttons to come in by. */
export function doors(
  providers: readonly ListedProvider[],
  emulators: string,
  notice: Notice | undefined,
): string {
  return `<h1>Come in with a social network</h1>
${said(notice)}
<p>No key is needed: all of them are played on this machine. Choose who you are on the page that opens: somebody with an
e-mail, without one, a child, somebody new.</p>
${buttons(providers, "enter", "Sign in with")}
${explained(emulators)}`;
}

/** What a person sees who is signed in. */
export function cabinet(
  providers: readonly ListedProvider[],
  { me, links }: Inside,
  emulators: string,
  notice: Notice | undefined,
): string {
  const facts = [
    me.email ?? "no e-mail, which is fine",
    me.birth_date === null ? "birth date unknown" : `born ${me.birth_date}`,
    `may watch up to ${me.age_ceiling}+`,
    me.has_password ? "has a password" : "no password",
  ];
  return `<h1>Hello, ${escapeHtml(me.display_name ?? "viewer")}</h1>
${said(notice)}
<p class="soft">${facts.map(escapeHtml).join(" · ")}</p>
<h2>Your ways in</h2>
<ul class="cards">${links.map((link) => linked(link, providers)).join("")}</ul>
<h2>Link another</h2>
${buttons(providers, "link", "Link")}
<form method="post" action="/social/leave"><button>Sign out</button></form>
${explained(emulators)}`;
}

function linked(
  { id, provider, display_name, usable }: LinkedAccount,
  providers: readonly ListedProvider[],
): string {
  const title = providers.find(({ name }) => name === provider)?.title.en ?? provider;
  return `<li class="card"><h3>${escapeHtml(title)}</h3><p>${escapeHtml(display_name ?? "no name given")}${usable ? "" : " · not usable now"}</p>
<form method="post" action="/social/unlink/${encodeURIComponent(id)}"><button>Unlink</button></form></li>`;
}

function buttons(providers: readonly ListedProvider[], act: "enter" | "link", verb: string): string {
  const items = providers.map(({ name, title, state }) => {
    const ill =
      state === "ok"
        ? ""
        : ` <span class="soft">(${state === "down" ? "does not answer" : "being tried again"})</span>`;
    return `<li><form method="post" action="/social/${act}/${encodeURIComponent(name)}"><button>${verb} ${escapeHtml(title.en)}</button>${ill}</form></li>`;
  });
  return `<ul class="cards">${items.join("")}</ul>`;
}

function said(notice: Notice | undefined): string {
  const text =
    notice?.good ?? (notice?.bad === undefined ? undefined : (WORDS[notice.bad] ?? `Refused: ${notice.bad}`));
  return text === undefined ? "" : `<p role="status"><strong>${escapeHtml(text)}</strong></p>`;
}

function explained(emulators: string): string {
  return `<p class="soft">The <a href="${emulators}/">switchboard of the emulators</a> makes a provider hang, answer rubbish or fall silent:
its button tells so, and the others go on. Letters about new ways in are in the <a href="/mailbox">mailbox</a>.</p>`;
}
