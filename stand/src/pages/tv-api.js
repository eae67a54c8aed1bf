/** The TV's side of the services. Tokens live in sessionStorage: they end with the page, and no other site sees them. */
import { language, t } from "./words.js";

const KEPT = "kinopass-tv";
let refreshing;

export const isSignedIn = () => tokens() !== undefined;

export function keepTokens(body) {
  sessionStorage.setItem(KEPT, JSON.stringify(body));
}

export function forgetTokens() {
  sessionStorage.removeItem(KEPT);
}

/** Answers {status, body}; status 0 where nothing came back. */
export async function ask(method, path, body, headers = {}) {
  try {
    const answer = await fetch(`/api/tv${path}`, {
      method,
      headers: {
        "accept-language": language,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      signal: AbortSignal.timeout(9_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
  } catch {
    return { status: 0, body: { code: "no_answer", title: t("No connection. Trying again soon.") } };
  }
}

/** As the member; refreshes once. `signedOut` in the answer: the session is over. */
export async function askAsMember(method, path) {
  const first = await ask(method, path, undefined, bearer());
  if (first.status !== 401) return first;
  if (!(await refresh())) return { ...first, signedOut: !isSignedIn() };
  return await ask(method, path, undefined, bearer());
}

/** Two screens that need a new token at once share one exchange. */
function refresh() {
  refreshing ??= exchange().finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function exchange() {
  const kept = tokens();
  if (kept === undefined) return false;
  const { status, body } = await ask("POST", "/v1/sessions/refresh", { refresh_token: kept.refresh_token });
  if (status === 200) keepTokens(body);
  // Trouble on the way is no end of the session.
  else if (status === 401 || status === 403) forgetTokens();
  return status === 200;
}

function bearer() {
  const kept = tokens();
  return kept === undefined ? {} : { authorization: `Bearer ${kept.access_token}` };
}

function tokens() {
  const kept = sessionStorage.getItem(KEPT);
  return kept === null ? undefined : JSON.parse(kept);
}
