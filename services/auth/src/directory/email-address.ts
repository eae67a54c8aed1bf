import { refusals } from "@kinopass/http";

export const refuse = refusals({
  email_invalid: {
    status: 400,
    title: { en: "This is not an e-mail address", ru: "Это не адрес электронной почты" },
  },
});

/** A normalised address: safe to hash, to compare and to put into a mail header. */
export type EmailAddress = string & { readonly __email: true };

const LOCAL = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * One address, one spelling. NFKC comes before every check: checking first would let a fullwidth
 * sign become a second "@" afterwards. Quoted local parts and comments are legal (RFC 5321 §4.1.2),
 * used by nobody, and carry injections: refused. Case is folded whole; no provider of note tells
 * Anna@ from anna@, and letting both in would let one pose as the other.
 */
export function parseEmail(raw: string): EmailAddress {
  const text = raw.trim().normalize("NFKC").toLowerCase();
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  const domain = at < 0 ? undefined : asciiDomain(text.slice(at + 1));
  if (domain === undefined || !LOCAL.test(local) || local.length > 64 || local.length + domain.length > 253)
    throw refuse.email_invalid();
  return `${local}@${domain}` as EmailAddress;
}

/** Domains in national letters are compared in their ASCII form (RFC 5890 §2.3.2.1). */
function asciiDomain(domain: string): string | undefined {
  if (domain.length === 0 || domain.length > 253 || /[\s/?#:\\@[\]%]/.test(domain)) return undefined;
  const ascii = URL.canParse(`http://${domain}/`) ? new URL(`http://${domain}/`).hostname : "";
  const labels = ascii.split(".");
  const plausible =
    labels.length >= 2 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
  return plausible ? ascii : undefined;
}

/** Enough to recognise one's own address, too little to learn somebody else's: `a•••@example.com`. */
export function maskEmail(address: EmailAddress): string {
  const [local = "", domain = ""] = address.split("@");
  return `${local.slice(0, 1)}•••@${domain}`;
}
