import { ask, keepTokens } from "./tv-api.js";
import { listen, make, pictureOf, show } from "./tv-remote.js";
import { t } from "./words.js";

const LETTERS = "1234567890abcdefghijklmnopqrstuvwxyz.-_@";
const DOMAINS = ["@mail.ru", "@yandex.ru", "@gmail.com"];

/** Address, password, a sum, the code from the mail: arrows and digits are enough for all of it. */
export function signUp(go) {
  typing({ title: t("Your e-mail address"), domains: DOMAINS, back: go.pairing }, (email) =>
    typing(
      { title: t("Choose a password, eight characters or more"), secret: true, back: () => signUp(go) },
      (password) => captcha(go, { email, password }),
    ),
  );
}

/** Digits go straight in; everything else is a key on the screen. */
function typing({ title, domains = [], secret = false, notice, back }, done) {
  let text = "";
  const line = make("div", { class: "typed", id: "typed" });
  // The whole room sees the screen: of a password only what was pressed last.
  const tell = () => {
    line.textContent = secret ? "•".repeat(Math.max(0, text.length - 1)) + text.slice(-1) : text;
  };
  const put = (more) => {
    text = (text + more).slice(0, 120);
    tell();
  };
  const erase = () => {
    if (text === "") back();
    text = text.slice(0, -1);
    tell();
  };
  const key = (label, press, more = {}) => make("button", { "aria-label": label, press, ...more }, label);
  const keys = make(
    "div",
    { class: "keys" },
    ...[...LETTERS].map((letter) => key(letter, () => put(letter))),
    ...domains.map((domain) => key(domain, () => put(domain), { class: "wide" })),
    key(t("Space"), () => put(" "), { class: "half" }),
    key(t("Erase"), erase, { class: "half" }),
    key(t("Done"), () => text !== "" && done(text), { class: "half", "data-first": "" }),
  );
  const told = notice === undefined ? [] : [make("p", { class: "bad", id: "notice" }, notice)];
  listen({ digit: put, back: erase });
  show("typing", make("div", { class: "stack" }, make("h1", {}, title), ...told, line, keys));
}

async function captcha(go, form, notice) {
  const idempotency = { "idempotency-key": crypto.randomUUID() };
  const { status, body } = await ask("POST", "/v1/captcha/challenges", { action: "sign_up" }, idempotency);
  if (status !== 201) return failed(go, body, () => captcha(go, form));
  showSum(go, form, body, notice);
}

/** After these another challenge may go well: this one is over, or it was in a store that is away. */
const NEW_CHALLENGE = ["captcha_spent", "captcha_expired", "captcha_unknown", "captcha_unavailable"];

function showSum(go, form, challenge, notice) {
  const shown = crypto.randomUUID();
  const answered = async (digits) => {
    const { status, body } = await ask(
      "POST",
      `/v1/captcha/challenges/${challenge.id}/answer`,
      { answer: Number(digits) },
      { "idempotency-key": `${shown} ${digits}` },
    );
    if (status === 200) return begin(go, { ...form, captcha_pass: body.captcha_pass });
    if (body.code === "captcha_once_more") return showSum(go, form, body.challenge, good(body.title));
    if (body.challenge !== undefined) return showSum(go, form, body.challenge, bad(body.title));
    if (NEW_CHALLENGE.includes(body.code)) return captcha(go, form, bad(body.title));
    failed(go, body, () => captcha(go, form));
  };
  const sum = pictureOf(challenge.picture.data, {
    class: "sum",
    alt: challenge.text ?? t("A sum to solve"),
    id: "sum",
  });
  digitsScreen(
    go,
    { name: "captcha", title: t("How much is it?"), picture: [sum], notice, most: 2 },
    answered,
  );
}

async function begin(go, form, notice) {
  const { status, body } = await ask("POST", "/v1/accounts", form);
  if (body.code === "captcha_required") return captcha(go, form);
  if (status !== 202) return failed(go, body);
  confirm(go, form.email, notice);
}

function confirm(go, email, notice) {
  const entered = async (code) => {
    const device = { name: t("Living-room TV"), kind: "tv" };
    const { status, body } = await ask("POST", "/v1/accounts/confirm", { email, code, device });
    if (status !== 201) return confirm(go, email, bad(body.title));
    keepTokens(body);
    go.films();
  };
  digitsScreen(
    go,
    {
      name: "mail-code",
      title: t("Type the eight digits we sent to ") + email,
      picture: [],
      notice,
      most: 8,
    },
    entered,
  );
}

function digitsScreen(go, { name, title, picture, notice, most }, done) {
  let digits = "";
  const line = make("div", { class: "typed", id: "typed" });
  const change = (next) => {
    digits = next.slice(0, most);
    line.textContent = digits;
  };
  let waits = false;
  // OK is pressed twice by many; the second time must not answer what comes next.
  const submit = async () => {
    if (digits === "" || waits) return;
    waits = true;
    await done(digits);
    waits = false;
  };
  listen({
    digit: (digit) => change(digits + digit),
    back: () => (digits === "" ? go.pairing() : change(digits.slice(0, -1))),
  });
  const told = notice === undefined ? [] : [notice];
  const buttons = make(
    "div",
    { class: "row" },
    make("button", { id: "done", press: submit }, t("Done")),
    make("button", { press: () => go.pairing() }, t("Cancel")),
  );
  const hint = make("p", {}, t("Press digits on the remote, then OK."));
  show(
    name,
    make("div", { class: "stack" }, make("h1", {}, title), ...told, ...picture, line, hint, buttons),
  );
}

const bad = (text) => make("p", { class: "bad", id: "notice" }, text);
const good = (text) => make("p", { class: "good", id: "notice" }, text);

function failed(go, { title, errors }, again = () => signUp(go)) {
  const text = errors?.[0]?.message ?? title ?? t("Try again in a moment.");
  show(
    "failed",
    make(
      "div",
      { class: "stack" },
      make("h1", {}, t("That did not work")),
      make("p", { class: "bad" }, text),
      make("button", { press: again }, t("Try again")),
    ),
  );
}
