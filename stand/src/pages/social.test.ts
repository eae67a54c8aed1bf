/** Every social network by its button, in a real browser, against the real Auth and the emulated networks. */
import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import { type Emulators, startEmulators } from "@kinopass/emulators";
import Fastify from "fastify";
import type { Browser, Page } from "playwright-core";
import { openGround } from "../ground.test-support.ts";
import { freePort } from "../ports.ts";
import { pageRoutes } from "./routes.ts";
import { socialPages } from "./social.ts";
import { BROWSER, openBrowser, WHY_NOT } from "./tv-viewer.test-support.ts";

const skip = BROWSER === undefined ? WHY_NOT : false;
const timeout = 240_000;
const BUTTONS = ["Yandex", "VK", "Mail.ru", "Google", "Facebook", "X", "Odnoklassniki", "Telegram", "Apple"];

interface Site {
  readonly address: string;
  readonly emulators: Emulators;
}

/** One for all tests of this file: each has its own people. */
async function openSite(): Promise<Site> {
  const emulators = await startEmulators();
  after(() => emulators.close());
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const ground = await openGround({ after }, { ...emulators.environment, AUTH_SITE_URL: address });
  const app = Fastify({ forceCloseConnections: true });
  const places = { auth: ground.auth.url, catalog: ground.catalog.url, stand: address };
  pageRoutes(app, places);
  socialPages(app, { ...places, emulators: emulators.url });
  await app.listen({ host: "127.0.0.1", port });
  after(() => app.close());
  return { address, emulators };
}

const open = BROWSER === undefined ? undefined : await openSite();

function site(): Site {
  assert.ok(open !== undefined, WHY_NOT);
  return open;
}

async function visit(t: TestContext, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
  const page = await (await openBrowser(t)).newPage({ locale: "en-GB", ...options });
  page.setDefaultTimeout(15_000);
  await page.goto(`${site().address}/social`);
  return page;
}

/** Chooses who to be on the network's page and says yes. */
async function agree(page: Page, person: string): Promise<void> {
  await page.locator(`input[value="${person}"]`).check();
  await page.locator('button[value="allow"]').click();
  // Apple's answer is a form that its page posts.
  const back = page.getByRole("button", { name: /Return to the app|Вернуться/ });
  await page.locator("h1").or(back).first().waitFor();
  if (await back.isVisible()) await back.click();
}

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole("button", typeof name === "string" ? { name, exact: true } : { name }).click();
}

const enter = async (page: Page, network: string, person: string) => {
  await press(page, new RegExp(`^Sign in with ${network}`));
  await agree(page, person);
};

test("each of the nine buttons leads through its network's page to being signed in", {
  skip,
  timeout,
}, async (t) => {
  const page = await visit(t);
  for (const network of BUTTONS) {
    await enter(page, network, "new");
    await page.getByRole("heading", { name: /^Hello, / }).waitFor();
    assert.deepEqual(await page.locator(".ways h3").allInnerTexts(), [network]);
    await press(page, "Sign out");
    await page.getByRole("heading", { name: "Come in with a social network" }).waitFor();
  }
});

test("somebody without an e-mail comes in, links, unlinks, and keeps the last way in", {
  skip,
  timeout,
}, async (t) => {
  const page = await visit(t, { viewport: { width: 390, height: 844 } });
  await enter(page, "VK", "no-email");
  await page.getByText("no e-mail, which is fine").waitFor();
  await press(page, "Unlink VK");
  assert.match(
    await page.getByRole("alert").innerText(),
    /last way in\. Link another network or set a password/,
  );
  await press(page, "Link Yandex");
  await agree(page, "no-email");
  assert.match(await page.getByRole("status").innerText(), /^Linked\./);
  assert.deepEqual(await page.locator(".ways h3").allInnerTexts(), ["VK", "Yandex"]);
  await press(page, "Unlink Yandex");
  assert.match(await page.getByRole("status").innerText(), /^Unlinked\./);
  assert.deepEqual(await page.locator(".ways h3").allInnerTexts(), ["VK"]);
  const isWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
  assert.equal(isWide, false, "nothing sticks out of a phone");
});

test("a known address, a no, and a network that is ill are told in words a person can use", {
  skip,
  timeout,
}, async (t) => {
  const { emulators } = site();
  const { id } = emulators.addPerson({ id: "known", email: "known@viewer.example", emailVerified: true });
  const page = await visit(t);
  await enter(page, "X", id);
  await press(page, "Sign out");
  await enter(page, "Apple", id);
  assert.match(
    await page.getByRole("alert").innerText(),
    /have an account here already\. Sign in as you did before, then link/,
  );
  assert.doesNotMatch(await page.locator("main").innerText(), /known@/, "the address is not told");
  await press(page, "Sign in with Google");
  await page.locator('button[value="deny"]').click();
  assert.match(await page.getByRole("alert").innerText(), /You said no/);
  emulators.setFault("facebook", { kind: "html", at: "token" });
  for (let tries = 0; tries < 5; tries += 1) {
    await enter(page, "Facebook", "adult");
    assert.match(await page.getByRole("alert").innerText(), /answer that nobody can use/);
  }
  await page
    .getByRole("button", { name: /Facebook/ })
    .getByText("does not answer now")
    .waitFor();
  await enter(page, "VK", "adult");
  await page.getByRole("heading", { name: /^Hello, / }).waitFor();
  emulators.clearFaults();
});

test("a Russian browser is spoken to in Russian, on our page and on the network's", {
  skip,
  timeout,
}, async (t) => {
  const page = await visit(t, { locale: "ru-RU", colorScheme: "dark" });
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
  await press(page, "Войти через Одноклассники");
  await page.getByText("Кто вы сегодня?").waitFor();
  await agree(page, "child");
  await page.getByText("можно смотреть до 6+").waitFor();
  await press(page, "Отвязать Одноклассники");
  assert.match(await page.getByRole("alert").innerText(), /единственный способ войти/);
});
