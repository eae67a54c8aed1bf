import assert from "node:assert/strict";
import { test } from "node:test";
import { accountLetters } from "../accounts/letters.ts";
import { passwordLetters } from "../passwords/letters.ts";
import { render } from "./render.ts";

const VALUES = {
  code: "40728163",
  email: "anna@example.com",
  device: "Firefox, Linux",
  address: "203.0.113.7",
  time: "1 March 2026",
};

for (const [name, letter] of Object.entries({ ...accountLetters, ...passwordLetters })) {
  test(`the letter ${name} is whole in both languages, and shows its code on a line of its own`, () => {
    for (const language of ["en", "ru"] as const) {
      const { subject, text, html } = render(letter(VALUES, language), language, "https://kinopass.example");
      assert.ok(subject.length > 5 && subject.length < 78, subject);
      assert.doesNotMatch(`${subject}${text}${html}`, /undefined|\[object/);
      assert.equal(/[а-яё]/i.test(subject), language === "ru");
      if (letter(VALUES, language).code !== undefined) assert.match(text, /^ {4}40728163$/m);
      for (const [link] of `${text} ${html}`.matchAll(/https?:[^\s"<]+/g))
        assert.ok(link.startsWith("https://kinopass.example/#"), link);
    }
  });
}

test("a device that its user named cannot add lines, headers or markup", () => {
  const device = 'TV\r\nBcc: all@example.com\u2028<script>alert(1)</script>"\u202e';
  const letter = accountLetters["new_device"]?.({ ...VALUES, device }, "en");
  assert.ok(letter);
  const { text, html } = render(
    { ...letter, subject: { en: `Hi ${device}`, ru: "" } },
    "en",
    "https://k.example",
  );
  assert.doesNotMatch(text, /^Bcc/m);
  assert.doesNotMatch(html, /<script/);
  assert.match(html, /&#60;script&#62;/);
  assert.doesNotMatch(`${text}${html}`, /[\r\u2028\u202e]/);
  assert.doesNotMatch(
    render({ ...letter, subject: { en: `Hi ${device}`, ru: "" } }, "en", "https://k.example").subject,
    /[\r\n]/,
  );
});
