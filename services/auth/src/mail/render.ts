import type { Language } from "@kinopass/http";
import type { Letter } from "./letters.ts";

export interface RenderedLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const FOOTER = {
  en: "This mail was sent automatically; there is nobody to read an answer.",
  ru: "Это письмо отправлено автоматически, отвечать на него не нужно.",
} as const;

/** `siteUrl` comes from the configuration alone: a link made from a Host header would be anybody's (ASVS 1.2.2). */
export function render(letter: Letter, language: Language, siteUrl: string): RenderedLetter {
  const paragraphs = letter.paragraphs.map((texts) => oneLine(texts[language]));
  const link =
    letter.link === undefined
      ? undefined
      : {
          text: letter.link.text[language],
          href: `${siteUrl}/#${new URLSearchParams(letter.link.fragment)}`,
        };
  return {
    subject: oneLine(letter.subject[language]),
    text: asText(paragraphs, letter.code, link, language),
    html: asHtml(paragraphs, letter.code, link, language),
  };
}

interface Link {
  readonly text: string;
  readonly href: string;
}

function asText(
  paragraphs: readonly string[],
  code: string | undefined,
  link: Link | undefined,
  language: Language,
): string {
  const [first = "", ...rest] = paragraphs;
  const parts = [
    first,
    ...(code === undefined ? [] : [`    ${code}`]),
    ...rest,
    ...(link === undefined ? [] : [`${link.text}: ${link.href}`]),
    `Kinopass\n${FOOTER[language]}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function asHtml(
  paragraphs: readonly string[],
  code: string | undefined,
  link: Link | undefined,
  language: Language,
): string {
  const [first = "", ...rest] = paragraphs;
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  const body = [
    paragraph(first),
    ...(code === undefined
      ? []
      : [
          `<p style="font-size:28px;letter-spacing:4px;font-family:monospace"><strong>${escapeHtml(code)}</strong></p>`,
        ]),
    ...rest.map(paragraph),
    ...(link === undefined ? [] : [`<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>`]),
    `<p style="color:#666">Kinopass<br>${escapeHtml(FOOTER[language])}</p>`,
  ];
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"></head><body style="font-family:sans-serif;max-width:36em">${body.join("")}</body></html>`;
}

/** A device may be named by its user: no line of theirs becomes a line of ours. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
