// Chromium on a phone's width, used by the keyboard alone, and checked by axe-core.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Locator} Locator */

/** A small phone's screen, in CSS pixels. */
export const PHONE = { width: 360, height: 740 };
/** What the pictures in the documents show. */
const DESK = { width: 900, height: 620 };

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function browserOnPath() {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const files = ["chromium", "google-chrome"].flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = files.find((file) => existsSync(file));
  assert.ok(found, "chromium or google-chrome must be on PATH");
  return found;
}

export async function openBrowser() {
  const arguments_ = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
  const browser = await chromium.launch({ executablePath: browserOnPath(), args: arguments_ });
  const context = await browser.newContext({ viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return new Person(browser, context, page);
}

/** A person at the keyboard. */
export class Person {
  /**
   * @param {import("playwright-core").Browser} browser
   * @param {import("playwright-core").BrowserContext} context
   * @param {import("playwright-core").Page} page
   */
  constructor(browser, context, page) {
    this.browser = browser;
    this.context = context;
    this.page = page;
    /** @type {string[]} */
    this.errors = [];
    // Dialogs for files are answered by `attach` alone, and never shown.
    page.on("filechooser", () => {});
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  /** Tab until this has the focus. @param {Locator} target */
  async reach(target) {
    await target.waitFor();
    for (let presses = 0; presses < 150; presses++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not reach ${target}`);
  }

  /** A button or a link, by its accessible name. @param {string | RegExp} name */
  async press(name) {
    const target = this.page.getByRole("button", { name }).or(this.page.getByRole("link", { name })).first();
    await this.reach(target);
    await this.page.keyboard.press("Enter");
  }

  /** A text field, by its label. @param {string | RegExp} label @param {string} text */
  async type(label, text) {
    await this.reach(this.page.getByLabel(label, { exact: typeof label === "string" }).first());
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.type(text);
  }

  /** A checkbox, by its label. @param {string} label */
  async check(label) {
    const box = this.page.getByRole("checkbox", { name: label });
    await this.reach(box);
    await this.page.keyboard.press("Space");
    assert.ok(await box.isChecked(), `${label} is checked`);
  }

  /** One of a group of radio buttons, which arrow keys choose. @param {string} label */
  async choose(label) {
    const radio = this.page.getByRole("radio", { name: label });
    const group = this.page.getByRole("group").filter({ has: radio }).getByRole("radio");
    const focused = () => group.evaluateAll((radios) => radios.some((radio) => radio === document.activeElement));
    for (let presses = 0; !(await focused()); presses++) {
      assert.ok(presses < 150, `Tab does not reach ${label}`);
      await this.page.keyboard.press("Tab");
    }
    if (await radio.evaluate((element) => element === document.activeElement)) await this.page.keyboard.press("Space");
    for (let presses = 0; !(await radio.isChecked()); presses++) {
      assert.ok(presses < 10, `arrow keys do not reach ${label}`);
      await this.page.keyboard.press("ArrowDown");
    }
  }

  /** An option of a select, found by typing. @param {string} label @param {string} option */
  async select(label, option) {
    const select = this.page.getByLabel(label);
    await this.reach(select);
    await this.page.keyboard.type(option);
    const chosen = await select.evaluate((element) => /** @type {HTMLSelectElement} */ (element).selectedOptions[0]?.text);
    assert.equal(chosen, option);
  }

  /** A file, whose dialog the Enter key opens. @param {string} label @param {string} name @param {string} text */
  async attach(label, name, text) {
    await this.reach(this.page.getByLabel(label));
    const dialog = this.page.waitForEvent("filechooser");
    await this.page.keyboard.press("Enter");
    await (await dialog).setFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  }

  /** The heading of the page that is open now, which has the focus. @param {string} text */
  async seesPage(text) {
    const heading = this.page.getByRole("heading", { level: 1, name: text, exact: true });
    await heading.waitFor();
    await this.page.waitForFunction(() => document.activeElement?.tagName === "H1");
    await this.accessible(text);
  }

  /** @param {string | RegExp} text */
  async sees(text) {
    await this.page.getByText(text).first().waitFor();
  }

  /** What screen readers announce without a change of the focus. @param {string | RegExp} text */
  async hears(text) {
    await this.page.getByRole("status").filter({ hasText: text }).waitFor();
  }

  /** The errors in the summary, which has the focus, each a link to its field. */
  async faults() {
    const summary = this.page.getByRole("alert").filter({ has: this.page.getByRole("heading") });
    await summary.waitFor();
    assert.ok(await summary.evaluate((element) => element === document.activeElement), "the summary has the focus");
    await this.accessible("the summary of errors");
    return summary.getByRole("listitem").allInnerTexts();
  }

  /** Fails on what axe-core calls serious or critical, and on a page wider than the screen. @param {string} where */
  async accessible(where) {
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
    const serious = violations.filter((/** @type {any} */ one) => ["serious", "critical"].includes(one.impact));
    const found = serious.map((/** @type {any} */ one) => `${one.id}: ${one.nodes.map((/** @type {any} */ node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `axe-core on ${where}`);
    // Not compared with `innerWidth`, which grows on a phone with what is too wide.
    const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= PHONE.width, `${where} is ${width} pixels wide on a screen of ${PHONE.width}`);
  }

  /** Writes a picture of the page, where PICTURES names a folder. @param {string} name @param {"phone" | "desk"} [screen] */
  async picture(name, screen = "desk") {
    const folder = process.env["PICTURES"];
    if (!folder) return;
    if (screen === "desk") await this.page.setViewportSize(DESK);
    await this.page.evaluate(() => window.scrollTo(0, 0));
    await this.page.screenshot({ path: join(folder, `portal-${name}.png`), scale: "css" });
    await this.page.setViewportSize(PHONE);
  }

  async close() {
    await this.browser.close();
    assert.deepEqual(this.errors, [], "errors of scripts");
  }
}
