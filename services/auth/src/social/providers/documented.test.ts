/** docs/social is what operators paste from: it must say what the code reads. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { OUTCOMES } from "../refusals.ts";
import { APPLE_HOSTS } from "./apple.ts";
import { configuredProviders } from "./catalogue.ts";
import { MovableClock } from "./emulated.ts";
import { FACEBOOK_HOSTS } from "./facebook.ts";
import { GOOGLE_HOSTS } from "./google.ts";
import { MAILRU_HOSTS } from "./mailru.ts";
import { ODNOKLASSNIKI_HOSTS } from "./odnoklassniki.ts";
import { PROVIDER_NAMES } from "./provider.ts";
import { TELEGRAM_HOSTS } from "./telegram.ts";
import { VK_HOSTS } from "./vk.ts";
import { X_HOSTS } from "./x.ts";
import { YANDEX_HOSTS } from "./yandex.ts";

const DOCS = join(import.meta.dirname, "../../../../../docs/social");
const HOSTS = {
  yandex: YANDEX_HOSTS,
  vk: VK_HOSTS,
  mailru: { ...MAILRU_HOSTS, ...VK_HOSTS },
  google: GOOGLE_HOSTS,
  facebook: FACEBOOK_HOSTS,
  x: X_HOSTS,
  odnoklassniki: ODNOKLASSNIKI_HOSTS,
  telegram: TELEGRAM_HOSTS,
  apple: APPLE_HOSTS,
};

test("the pages for operators name every setting there is and none that is not, with the hosts as they are", () => {
  for (const name of PROVIDER_NAMES) {
    const page = readFileSync(join(DOCS, `${name}.md`), "utf8");
    const prefix = `AUTH_SOCIAL_${name.toUpperCase()}_`;
    const { mistakes } = configuredProviders(
      { [`${prefix}NONSENSE`]: "x" },
      { fetch, clock: new MovableClock() },
    );
    const known = mistakes.join().match(new RegExp(`${prefix}\\w+`, "g")) ?? [];
    const suffixes = known.map((setting) => setting.slice(prefix.length)).filter((key) => key !== "NONSENSE");
    assert.ok(suffixes.length >= 2, mistakes.join());
    for (const key of suffixes) assert.ok(page.includes(`_${key}`), `${name}.md says nothing of ${key}`);
    for (const [, key = ""] of page.matchAll(new RegExp(`${prefix}(\\w+)`, "g")))
      assert.ok(suffixes.includes(key), `${name}.md has ${key}`);
    const hosts = [...page.matchAll(/`_HOST_(\w+)`\s+\(`(https:[^`]+)`\)/g)];
    const told = hosts.map(([, key = "", address = ""]) => [key.toLowerCase(), address]);
    assert.deepEqual(Object.fromEntries(told), HOSTS[name], `${name}.md`);
    assert.ok(page.includes(`/v1/social/${name}/callback`), name);
    assert.match(page, /\*\*Costs\*\*/, name);
  }
});

test("the page for sites tells every way a sign-in may end", () => {
  const page = readFileSync(join(DOCS, "README.md"), "utf8");
  for (const outcome of OUTCOMES) assert.ok(page.includes(`\`${outcome}\``), outcome);
});
