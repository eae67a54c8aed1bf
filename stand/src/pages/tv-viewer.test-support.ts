import { accessSync, constants } from "node:fs";
import type { TestContext } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser to test with, or why there is none. Nothing is ever downloaded for a test. */
export const BROWSER = PLACES.find(isExecutable);
export const WHY_NOT = `no browser at ${PLACES.join(", ")}; for this test: apt-get install chromium`;

function isExecutable(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(t: Pick<TestContext, "after">): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: BROWSER ?? "", args: QUIET, headless: true });
  t.after(() => browser.close());
  return browser;
}

/** A page that is shown on a wall and hears a remote control, and fails the test on what goes wrong inside. */
export class Tv {
  readonly page: Page;
  readonly mistakes: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.mistakes.push(error.message));
    page.on("console", (message) => {
      // Refused answers are told on the console by the browser itself.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        this.mistakes.push(message.text());
    });
  }

  async until(screen: string): Promise<void> {
    await this.page.locator(`#screen[data-screen="${screen}"]`).waitFor();
  }

  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  text(selector: string): Promise<string> {
    return this.page.locator(selector).innerText();
  }

  focused(): Promise<string> {
    return this.page.evaluate("document.activeElement.textContent");
  }

  /** Walks with the arrows to a button, as somebody with a remote does: nearer at each press. */
  async walkTo(label: string | RegExp): Promise<void> {
    const target = this.page.locator("main button").filter({ hasText: label }).first();
    const fits = (text: string) => (typeof label === "string" ? text.includes(label) : label.test(text));
    for (let steps = 0; steps < 60; steps += 1) {
      if (fits(await this.focused())) return;
      const [to, from] = [await target.boundingBox(), await this.page.locator(":focus").boundingBox()];
      if (to === null || from === null)
        throw new Error(`There is no button ${label}, or nothing has the focus`);
      const x = to.x + to.width / 2 - from.x - from.width / 2;
      const y = to.y + to.height / 2 - from.y - from.height / 2;
      const isFarInY = Math.abs(y) > 20;
      await this.press(isFarInY ? (y > 0 ? "ArrowDown" : "ArrowUp") : x > 0 ? "ArrowRight" : "ArrowLeft");
    }
    throw new Error(`The arrows do not lead to ${label}`);
  }
}
