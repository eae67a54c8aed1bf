import { ask, keepTokens } from "./tv-api.js";
import { listen, make, pictureOf, show } from "./tv-remote.js";
import { t } from "./words.js";

/** Nobody stands beside a TV to press "try again" when the power or the network came back. */
const RETRY_SECONDS = 3;

let running = 0;

/** Shows a code and asks until somebody decides. `go` leads on: films, signUp. */
export async function pairing(go, notice) {
  running += 1;
  const turn = running;
  listen();
  show("waiting", make("div", { class: "stack" }, make("h1", {}, t("One moment…"))));
  const { status, body } = await ask("POST", "/v1/device/code", {
    device: { name: t("Living-room TV"), kind: "tv" },
  });
  if (turn !== running) return;
  if (status !== 200) {
    failed(go, body);
    await wait(RETRY_SECONDS);
    return turn === running ? pairing(go, notice) : undefined;
  }
  showCode(go, body, notice);
  let interval = body.interval;
  while (turn === running) {
    await wait(interval);
    if (turn !== running) return;
    const told = await ask("POST", "/v1/device/token", { device_code: body.device_code });
    if (turn !== running) return;
    if (told.status === 200) {
      running += 1;
      keepTokens(told.body);
      return go.films();
    }
    const { error } = told.body;
    if (error === "access_denied") return pairing(go, t("The phone said no. Here is a new code."));
    if (error === "expired_token" || error === "invalid_grant")
      return pairing(go, t("The code ran out. Here is a new one."));
    interval = told.body.interval ?? interval;
  }
}

const wait = (seconds) => new Promise((next) => setTimeout(next, seconds * 1_000));

export function stopPairing() {
  running += 1;
}

function showCode(go, { user_code, verification_uri, verification_qr_svg }, notice) {
  const left = make(
    "div",
    { class: "stack" },
    ...(notice === undefined ? [] : [make("p", { class: "bad", id: "notice" }, notice)]),
    make("h1", {}, t("Sign in with your phone")),
    make(
      "p",
      {},
      t("Point its camera at the square, or open "),
      make("span", { class: "address" }, verification_uri),
    ),
    make("div", { class: "code", id: "code" }, user_code),
    make(
      "div",
      { class: "row" },
      make("button", { id: "new-code", press: () => pairing(go) }, t("New code")),
      make("button", { id: "sign-up", press: () => go.signUp() }, t("Sign up with the remote")),
    ),
  );
  const qr = pictureOf(verification_qr_svg, {
    class: "qr",
    alt: t("QR code that opens the address with the code"),
  });
  show("pairing", make("div", { class: "split" }, left, qr));
}

function failed(go, { title }) {
  show(
    "failed",
    make(
      "div",
      { class: "stack" },
      make("h1", {}, t("That did not work")),
      make("p", {}, title ?? t("Try again in a moment.")),
      make("button", { press: () => pairing(go) }, t("Try again")),
    ),
  );
}
