import assert from "node:assert/strict";
import { test } from "node:test";
import { maskEmail, parseEmail } from "./email-address.ts";

test("one address has one spelling", () => {
  const spellings = [
    " Anna@Example.COM ",
    "anna@example.com",
    "ANNA@EXAMPLE.COM",
    "ａｎｎａ@example.com",
    "anna＠example.com",
  ];
  for (const text of spellings) assert.equal(parseEmail(text), "anna@example.com", text);
  assert.equal(parseEmail("anna@пример.рф"), "anna@xn--e1afmkfd.xn--p1ai");
  assert.equal(parseEmail("first.last+films@sub.example.co.uk"), "first.last+films@sub.example.co.uk");
});

test("what could reach a second mailbox, a header or another host is not an address", () => {
  const refused = [
    "a@x.example,b@y.example",
    "a@x.example\r\nBcc: b@y.example",
    "a@x.example\nb",
    '"quoted local"@x.example',
    "a@b@x.example",
    "a＠b@x.example",
    "a@x",
    "@x.example",
    "a@",
    "a",
    "",
    "a..b@x.example",
    ".a@x.example",
    "a@-x.example",
    "a@x..example",
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "a@x.example/path",
    "a@x.example:25",
    "a@x.example?x",
    "a@x.example#x",
    "a@user:pass@x.example",
    "a@%6d.example",
    "a b@x.example",
    `${"a".repeat(65)}@x.example`,
    `a@${"x".repeat(250)}.example`,
    "a@x.example\u202e",
    "аnna@x.example",
  ];
  for (const text of refused) assert.throws(() => parseEmail(text), { code: "email_invalid" }, text);
});

test("a masked address tells its owner, and nobody else", () => {
  assert.equal(maskEmail(parseEmail("anna@example.com")), "a•••@example.com");
});
