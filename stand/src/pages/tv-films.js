import { askAsMember, forgetTokens } from "./tv-api.js";
import { focusFirst, listen, make, show } from "./tv-remote.js";
import { t } from "./words.js";

/** How soon a sign-out on the phone shows here. */
const LOOK_EVERY_MS = 500;
/** Trouble passes without anybody pressing a button. */
const RETRY_MS = 3_000;
let watching;

export async function films(go) {
  watch(go);
  const [{ body: me }, list] = [
    await askAsMember("GET", "/v1/me"),
    await askAsMember("GET", "/v1/films?page_size=50&sort=-rating"),
  ];
  if (list.signedOut) return;
  if (list.status !== 200) {
    notice(t("Films are not available for a moment"), list.body.title ?? "", () => films(go));
    return setTimeout(() => document.querySelector('[data-screen="failed"]') && films(go), RETRY_MS);
  }
  document.querySelector("#who").textContent = me.display_name ?? me.email ?? "";
  showFilms(go, list.body.items);
}

function showFilms(go, items, focusOn) {
  listen();
  const cards = items.map((film) =>
    make(
      "button",
      { class: "film", "data-film": film.id, press: () => play(go, film, items) },
      make("b", {}, film.title),
      make("span", {}, String(film.year), make("span", { class: "age" }, `${film.age_rating}+`)),
    ),
  );
  const out = make("button", { id: "sign-out", press: () => signOut(go) }, t("Sign out"));
  const head = make("div", { class: "row head" }, make("h1", {}, t("What shall we watch?")), out);
  const grid = make("div", { class: "films" }, ...cards);
  cards[0]?.setAttribute("data-first", "");
  show("films", make("div", { class: "browse" }, head, grid));
  if (focusOn !== undefined) {
    const card = document.querySelector(`[data-film="${focusOn}"]`);
    focusFirst(card ?? undefined);
    card?.scrollIntoView({ block: "nearest" });
  }
}

async function play(go, film, items) {
  const back = () => showFilms(go, items, film.id);
  const { status, body, signedOut } = await askAsMember("POST", `/v1/films/${film.id}/playback`);
  if (signedOut) return;
  if (status === 201)
    return told(
      "playing",
      make("h1", {}, film.title),
      make("p", { class: "good" }, t("▶ Playing. The streaming edge has its grant.")),
      back,
    );
  if (body.code === "age_restricted")
    return told(
      "refused",
      make("div", { class: "rating" }, `${film.age_rating}+`),
      make("h1", {}, film.title),
      make("p", { class: "bad" }, t("This film is not for this TV")),
      make(
        "p",
        {},
        t(
          "Its age limit is lower. The account's owner can change that on the phone, by pairing the TV anew.",
        ),
      ),
      back,
    );
  told(
    "refused",
    make("h1", {}, film.title),
    make("p", { class: "bad" }, body.title ?? t("Not available for a moment.")),
    back,
  );
}

function told(name, ...parts) {
  const back = parts.pop();
  listen({ back });
  show(
    name,
    make("div", { class: "stack" }, ...parts, make("button", { press: back }, t("Back to the films"))),
  );
}

function notice(title, text, again) {
  listen();
  show(
    "failed",
    make(
      "div",
      { class: "stack" },
      make("h1", {}, title),
      make("p", {}, text),
      make("button", { press: again }, t("Try again")),
    ),
  );
}

async function signOut(go) {
  await askAsMember("DELETE", "/v1/sessions/current");
  leave(go);
}

/** Asks whether the session still lives; the phone may have ended it. */
function watch(go) {
  clearTimeout(watching);
  watching = setTimeout(async () => {
    const { signedOut } = await askAsMember("GET", "/v1/me");
    if (signedOut) leave(go, t("This TV was signed out from another device."));
    else watch(go);
  }, LOOK_EVERY_MS);
}

function leave(go, because) {
  clearTimeout(watching);
  forgetTokens();
  document.querySelector("#who").textContent = "";
  go.pairing(because);
}
