/**
 * Where the links of letters lead. The code is in the fragment, which no server sees and no history keeps. A person
 * presses the button: a program that opens the links of mails to look at them confirms nothing.
 */
import { ask, field, form, make, notes, show, signedInWith } from "./phone-page.js";
import { t } from "./words.js";

const { do: errand, email = "", code = "" } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
history.replaceState(null, "", location.pathname);

const whose = () => make("p", { class: "soft" }, email);
const why = ({ title, detail }) => [title, detail].filter(Boolean).join(". ");

function confirmEmail(note) {
  const submitted = async () => {
    const { status, body } = await ask("POST", "/v1/accounts/confirm", { email, code });
    if (status !== 201) return confirmEmail(why(body));
    // This page has nothing to watch: it stays on no list of devices.
    signedInWith(body.access_token);
    await ask("DELETE", "/v1/sessions/current");
    show(t("Your e-mail is confirmed"), make("p", {}, t("Sign in where you like to watch.")));
  };
  show(t("Is this your e-mail?"), whose(), ...notes(note), form([], t("Yes, confirm it"), submitted));
}

function resetPassword(note) {
  const password = field(t("New password, eight characters or more"), {
    name: "password",
    type: "password",
    autocomplete: "new-password",
    minlength: "8",
    required: "",
  });
  const submitted = async ({ password: wanted }) => {
    const { status, body } = await ask("POST", "/v1/password-resets/confirm", {
      email,
      code,
      new_password: wanted,
    });
    if (status !== 204) return resetPassword(why(body));
    show(
      t("Your password is changed"),
      make("p", {}, t("Every device was signed out. Sign in with the new one.")),
    );
  };
  show(t("Choose a new password"), whose(), ...notes(note), form([password], t("Change it"), submitted));
}

const errands = { confirm_email: confirmEmail, reset_password: resetPassword };
const start = Object.hasOwn(errands, errand ?? "") ? errands[errand] : undefined;
if (start === undefined)
  show(
    t("This link is not whole"),
    make("p", {}, t("Open it from the letter once more, or type the code by hand.")),
  );
else start();
