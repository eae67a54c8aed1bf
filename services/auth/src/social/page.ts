import { createHash } from "node:crypto";
import type { Language } from "@kinopass/http";

/** Two letters' worth of looks for the few pages that people see here; they run nothing and load nothing. */
const STYLE =
  ":root{color-scheme:light dark}body{max-width:34rem;margin:12vh auto;padding:0 1.2rem;font:1.05rem/1.5 system-ui,sans-serif}h1{font-size:1.5rem}small{opacity:.7}";

/** The policy of every answer, and the one style above. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; frame-ancestors 'none'; sandbox`;

/** `inside` is HTML already. */
export function page(language: Language, title: string, inside: string): string {
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} · Kinopass</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)}</h1>${inside}</body></html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
