/** One look for the stand's pages: plain HTML that works without scripts, light and dark, narrow and wide. */
export function page(title: string, body: string, language: "en" | "ru" = "en"): string {
  const [start, mailbox] = language === "ru" ? ["Начало", "Почта"] : ["Start", "Mailbox"];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Kinopass</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/" class="brand">Kinopass</a><nav><a href="/">${start}</a> <a href="/mailbox">${mailbox}</a></nav></header>
<main>
${body}
</main>
</body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1b22; --paper: #fbfaf8; --soft: #6b6878; --line: #dedbe4; --accent: #7a2e8e; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0eef5; --paper: #17161c; --soft: #a6a2b5; --line: #34313f; --accent: #d08be3; --card: #201e27; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; gap: 1.5rem; align-items: baseline; padding: .9rem 1.5rem; border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; font-size: 1.15rem; text-decoration: none; color: var(--ink); }
nav a { margin-right: 1rem; }
main { max-width: 58rem; margin: 0 auto; padding: 1.5rem; }
a { color: var(--accent); }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; padding: 0; list-style: none; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.1rem; }
.card h3 { margin: 0 0 .3rem; font-size: 1.02rem; }
.card p { margin: 0; color: var(--soft); }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1.1rem; overflow-x: auto; white-space: pre-wrap; }
.code { font: 700 1.5rem/1 ui-monospace, monospace; letter-spacing: .12em; }
.soft { color: var(--soft); }
figure { margin: 1.5rem 0; }
figure svg { max-width: 100%; height: auto; }
button { font: inherit; font-weight: 600; padding: .6rem 1rem; border: 1px solid var(--accent); border-radius: .5rem; color: var(--paper); background: var(--accent); cursor: pointer; }
button.quiet { color: inherit; background: none; border-color: var(--line); }
button small { display: block; font-weight: 400; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.doors { gap: .7rem; }
.doors button { width: 100%; height: 100%; min-height: 2.9rem; }
.ways .card { display: flex; flex-direction: column; gap: .6rem; overflow-wrap: anywhere; }
.notice { padding: .8rem 1.1rem; border: 1px solid var(--line); border-left: .35rem solid var(--accent); border-radius: .5rem; background: var(--card); }
.notice.bad { border-left-color: #c2410c; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
`;
