/** The links of letters, opened in a real browser, against the real services. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import Fastify from "fastify";
import { type Ground, openGround, PASSWORD } from "../ground.test-support.ts";
import { freePort } from "../ports.ts";
import { pageRoutes } from "./routes.ts";
import { BROWSER, openBrowser, WHY_NOT } from "./tv-viewer.test-support.ts";

const options = { skip: BROWSER === undefined ? WHY_NOT : false, timeout: 240_000 };

/** The services, and the site that letters lead to. */
async function openSite(t: TestContext): Promise<Ground> {
  const port = await freePort();
  const stand = `http://127.0.0.1:${port}`;
  const ground = await openGround(t, { AUTH_SITE_URL: stand });
  const app = Fastify({ forceCloseConnections: true });
  pageRoutes(app, { auth: ground.auth.url, catalog: ground.catalog.url, stand });
  await app.listen({ host: "127.0.0.1", port });
  t.after(() => app.close());
  return ground;
}

async function openPage(t: TestContext, locale = "en-GB") {
  const browser = await openBrowser(t);
  const page = await (await browser.newContext({ locale })).newPage();
  page.setDefaultTimeout(15_000);
  return page;
}

test(
  "a letter's link confirms an address when a person presses the button, and leaves the code nowhere",
  options,
  async (t) => {
    const ground = await openSite(t);
    const page = await openPage(t);
    const email = "anna@example.com";
    const signIn = () =>
      ground.ask("POST", `${ground.auth.url}/v1/sessions`, { body: { email, password: PASSWORD } });
    await ground.ask("POST", `${ground.auth.url}/v1/accounts`, { body: { email, password: PASSWORD } });
    const link = await ground.linkFor(email, "confirm_email");
    await page.goto(link);
    await page.getByText("Is this your e-mail?").waitFor();
    assert.match(await page.locator("main").innerText(), /anna@example\.com/);
    assert.doesNotMatch(page.url(), /\d{8}/, "the code is not in the address any more");
    assert.equal((await signIn()).status, 401, "opening the link confirms nothing");

    await page.getByRole("button", { name: "Yes, confirm it" }).click();
    await page.getByText("Your e-mail is confirmed").waitFor();
    const { status, body } = await signIn();
    assert.equal(status, 201);
    const { body: sessions } = await ground.ask("GET", `${ground.auth.url}/v1/sessions`, {
      token: body.access_token,
    });
    assert.equal(sessions.items.length, 1, "the page itself stays on no list of devices");

    await page.goto("about:blank");
    await page.goto(link);
    await page.getByRole("button", { name: "Yes, confirm it" }).click();
    await page.getByRole("alert").waitFor();
  },
);

test(
  "a letter's link sets a new password, in the reader's language, and a link cut short says so",
  options,
  async (t) => {
    const ground = await openSite(t);
    const page = await openPage(t, "ru-RU");
    const { email } = await ground.signUp();
    await ground.ask("POST", `${ground.auth.url}/v1/password-resets`, { body: { email } });
    const link = await ground.linkFor(email, "reset_password");
    await page.goto(link);
    await page.getByLabel("Новый пароль, от восьми символов").fill("password1");
    await page.getByRole("button", { name: "Сменить пароль" }).click();
    assert.match(
      await page.getByRole("alert").innerText(),
      /[а-я]/,
      "a common password is refused, and why is told",
    );
    await page.getByLabel("Новый пароль, от восьми символов").fill("five yellow umbrellas");
    await page.getByRole("button", { name: "Сменить пароль" }).click();
    await page.getByText("Пароль изменён").waitFor();
    const body = { email, password: "five yellow umbrellas" };
    assert.equal((await ground.ask("POST", `${ground.auth.url}/v1/sessions`, { body })).status, 201);

    await page.goto(link.replace(/do=\w+/, "do=toString"));
    await page.getByText("Ссылка неполная").waitFor();
  },
);
