/** What the pages on a phone are made of. Who is signed in is known to the page's memory alone. */
import { language, t } from "./words.js";

let token;

export function signedInWith(accessToken) {
  token = accessToken;
}

export async function ask(method, path, body) {
  try {
    const answer = await fetch(`/api/phone${path}`, {
      method,
      headers: {
        "accept-language": language,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      signal: AbortSignal.timeout(9_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
  } catch {
    return { status: 0, body: { title: t("No connection. Try again.") } };
  }
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An empty field gets the focus; a filled one would only bring up a keyboard over what must be read. */
export function show(title, ...children) {
  const heading = make("h1", { tabindex: "-1" }, title);
  document.querySelector("#screen").replaceChildren(heading, ...children);
  (document.querySelector("#screen input:not([value])") ?? heading).focus();
}

export const notes = (text) => (text === undefined ? [] : [make("p", { class: "bad", role: "alert" }, text)]);

export function field(label, attributes) {
  return make("label", {}, label, make("input", attributes));
}

export function form(fields, label, submitted) {
  const element = make("form", {}, ...fields, make("button", { class: "main" }, label));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted(Object.fromEntries(new FormData(element)));
  });
  return element;
}
