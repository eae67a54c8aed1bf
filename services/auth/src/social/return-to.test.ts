import assert from "node:assert/strict";
import test from "node:test";
import { ReturnTo, returnToMistake } from "./return-to.ts";
import { startSocial } from "./set-up.test-support.ts";

const SITE = "https://kinopass.example";
const ALLOWED = [`${SITE}/*`, "app.kinopass:/signed-in", "http://127.0.0.1:8080/done"];
const list = new ReturnTo(ALLOWED);

const TRAPS = [
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/%5Cevil.example",
  "/signed-in",
  "signed-in",
  "https:evil.example",
  "https:/evil.example",
  "\t//evil.example",
  `${SITE}\t/x`,
  " https://kinopass.example/",
  "javascript:alert(1)//https://kinopass.example/",
  "JaVaScRiPt:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "file:///etc/passwd",
  "blob:https://kinopass.example/1",
  `${SITE}@evil.example/`,
  "https://user:pw@kinopass.example/",
  "https://kinopass.example:pw@evil.example/",
  "https://evil.example/https://kinopass.example/",
  "https://evil.example/?https://kinopass.example/",
  "https://evil.example#https://kinopass.example/",
  "https://kinopass.example.evil.example/",
  "https://notkinopass.example/",
  "https://kinopass。example/",
  "https://kinopass.example。evil.example/",
  "https://KINOPASS.example/",
  "https://kinopass.example:8443/",
  "http://kinopass.example/",
  `${SITE}//evil.example`,
  `${SITE}/\\evil.example`,
  `${SITE}/%2f%2fevil.example`,
  `${SITE}/%252f%252fevil.example`,
  `${SITE}/%5c%5cevil.example`,
  `${SITE}/x\r\nset-cookie: a=b`,
  `${SITE}/x%0d%0aset-cookie: a=b`,
  `${SITE}/%0d%0aset-cookie:a=b`,
  `${SITE}/a/../../evil`,
  `${SITE}/#fragment`,
  `${SITE}/?code=mine`,
  `${SITE}/?error=mine`,
  `${SITE}/?linked=vk`,
  `${SITE}/${"a".repeat(4096)}`,
  "http://127.0.0.1:8080/done/",
  "http://127.0.0.1:8080/done?x=1",
  "http://127.0.0.1:8080/",
  "app.kinopass:/signed-in/more",
  "app.kinopass://signed-in",
  "",
];

test("T44: no return address leads anywhere but where it was allowed to", () => {
  for (const trap of TRAPS) assert.equal(list.choose(trap), undefined, JSON.stringify(trap.slice(0, 80)));
});

test("allowed addresses are used as they are, and no address is the first of the list", () => {
  for (const good of [
    `${SITE}/`,
    `${SITE}/films/1?from=search&page=2`,
    "app.kinopass:/signed-in",
    "http://127.0.0.1:8080/done",
  ]) {
    assert.equal(list.choose(good), good);
  }
  assert.equal(list.choose(undefined), `${SITE}/`);
});

test("T44: the service answers every trap with 400 and no Location", async (t) => {
  const auth = await startSocial(t, { returnTo: ALLOWED });
  for (const trap of TRAPS) {
    const query = new URLSearchParams({ return_to: trap });
    const answer = await auth.browser().open(`/v1/social/vk/start?${query}`);
    assert.equal(answer.status, 400, trap.slice(0, 80));
    assert.equal(answer.location, undefined);
  }
});

test("an entry that cannot be meant is a mistake", () => {
  for (const good of [`${SITE}/*`, `${SITE}/signed-in`, "http://127.0.0.1:8080/*", "app.kinopass:/done"])
    assert.equal(returnToMistake(good), undefined, good);
  for (const bad of [
    "kinopass.example",
    "http://kinopass.example/*",
    "javascript:alert(1)",
    `${SITE}/films/*`,
    `${SITE}`,
    `${SITE}/?x=1`,
    `${SITE}/#x`,
    "https://KINOPASS.example/*",
    "*",
    "app.kinopass:/*",
  ])
    assert.notEqual(returnToMistake(bad), undefined, bad);
});
