/** The phone beside the TV: sign in, look at who asks, say yes or no. */
import { ask, field, form, make, notes, show, signedInWith } from "./phone-page.js";
import { language, t } from "./words.js";

const asked = new URLSearchParams(location.search).get("code") ?? "";

function signIn(note, typed) {
  const kept = typed === undefined ? {} : { value: typed };
  const fields = [
    field(t("E-mail"), { name: "email", type: "email", autocomplete: "username", required: "", ...kept }),
    field(t("Password"), {
      name: "password",
      type: "password",
      autocomplete: "current-password",
      required: "",
    }),
  ];
  const submitted = async ({ email, password }) => {
    const { status, body } = await ask("POST", "/v1/sessions", {
      email,
      password,
      device: { name: t("Phone"), kind: "phone" },
    });
    if (status !== 201) return signIn(body.title, email);
    signedInWith(body.access_token);
    if (asked === "") typeCode();
    else await look(asked);
  };
  show(t("Sign in to let a TV in"), ...notes(note), form(fields, t("Sign in"), submitted));
}

function typeCode(note) {
  const attributes = {
    name: "code",
    class: "code",
    autocomplete: "off",
    autocapitalize: "characters",
    maxlength: "20",
    required: "",
  };
  const submitted = ({ code }) => look(code);
  show(
    t("Which code does the TV show?"),
    ...notes(note),
    form([field(t("Code"), attributes)], t("Next"), submitted),
  );
}

async function look(code) {
  const { status, body } = await ask("GET", `/v1/device/${encodeURIComponent(code)}`);
  if (status === 401) return signIn(body.title);
  if (status !== 200) return typeCode([body.title, body.detail].filter(Boolean).join(". "));
  decide(body);
}

function decide({ user_code, device, address, same_network, created_at, warning }) {
  const facts = make("dl", {});
  const place = same_network
    ? `${address}, ${t("your own network")}`
    : `${address}, ${t("not your network")}`;
  const when = new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(Date.parse(created_at));
  for (const [name, value] of [
    [t("TV"), nameOf(device)],
    [t("Code"), user_code],
    [t("Where"), place],
    [t("Asked at"), when],
  ])
    facts.append(make("dt", {}, name), make("dd", {}, value));
  const ceiling = make("select", { name: "ceiling" });
  for (const [value, label] of [
    ["", t("Everything I may watch")],
    ["16", t("Up to 16+")],
    ["12", t("Up to 12+")],
    ["6", t("Up to 6+")],
    ["0", t("0+ only")],
  ])
    ceiling.append(make("option", { value }, label));
  const name = field(t("Call it"), {
    name: "name",
    value: device.name ?? t("TV"),
    maxlength: "60",
    required: "",
  });
  const yes = form(
    [name, make("label", {}, t("It may show"), ceiling)],
    t("Let this TV in"),
    ({ name, ceiling }) =>
      say(user_code, "approve", {
        device_name: name.trim(),
        ...(ceiling === "" ? {} : { age_ceiling: Number(ceiling) }),
      }),
  );
  const no = make("button", { id: "deny" }, t("No, not mine"));
  no.addEventListener("click", () => say(user_code, "deny"));
  show(
    t("Is this TV yours?"),
    make("div", { class: "stack" }, facts, make("p", { class: "warning" }, warning), yes, no),
  );
}

async function say(code, verb, wishes) {
  const { status, body } = await ask("POST", `/v1/device/${encodeURIComponent(code)}/${verb}`, wishes);
  if (status === 401 || body.code === "reauth_required") return signIn(body.title);
  if (status >= 300 || status === 0) return typeCode(body.title);
  await devices(
    verb === "approve" ? t("Done. The TV comes on in a few seconds.") : t("Refused. The TV was told no."),
  );
}

/** What a device is called that its owner gave no name. */
function nameOf({ name, kind }) {
  const kinds = { phone: t("Phone"), tablet: t("Tablet"), computer: t("Computer"), tv: t("TV") };
  return name ?? kinds[kind] ?? t("Another device");
}

async function devices(note) {
  const { status, body } = await ask("GET", "/v1/sessions");
  if (status !== 200) return signIn(body.title);
  const rows = body.items
    .filter(({ current }) => !current)
    .map(({ id, device, age_ceiling }) => {
      const out = make("button", {}, t("Sign out"));
      out.addEventListener("click", async () => {
        await ask("DELETE", `/v1/sessions/${id}`);
        await devices(t("Signed out."));
      });
      const limit = age_ceiling === null ? "" : ` · ${t("up to ")}${age_ceiling}+`;
      return make("li", {}, make("span", {}, nameOf(device), make("span", { class: "soft" }, limit)), out);
    });
  const again = make("button", { id: "again" }, t("Show the list again"));
  again.addEventListener("click", () => devices());
  const told = note === undefined ? [] : [make("p", { role: "status" }, note)];
  const list =
    rows.length === 0
      ? make("p", { class: "soft" }, t("No other device is signed in."))
      : make("ul", {}, ...rows);
  show(t("Your other devices"), make("div", { class: "stack" }, ...told, list, again));
}

signIn();
