// Every step of the operator's manual in Chromium: on a phone's width, by the keyboard alone, each page checked by
// axe-core, on both databases.

import assert from "node:assert/strict";
import { describe, it, before, after } from "node:test";
import { newestToken } from "../demo/mailbox.mjs";
import { ADMIN, PASSWORD } from "../demo/seed.mjs";
import { DATABASES, stage } from "./databases.mjs";

for (const database of DATABASES) {
  describe(`the operator's manual on ${database.name}`, { skip: database.skip }, () => {
    /** @type {Awaited<ReturnType<typeof stage>>} */
    let all;
    /** @type {import("./browser.mjs").Person} */
    let person;
    before(async () => {
      all = await stage(database);
      person = all.person;
      await person.page.goto(all.portal.url);
    });
    after(() => all?.close());

    it("signs in; a wrong password is explained", async () => {
      await person.seesPage("Sign in");
      await person.type("E-mail address", ADMIN);
      await person.type("Password", "wrong");
      await person.press("Sign in");
      await person.sees(/There is a problem/);
      await person.type("Password", PASSWORD);
      await person.press("Sign in");
      await person.seesPage("System users");
      await person.sees("Ada Lovelace");
    });

    it("users, system users, +, roles, send; the letter's link activates", async () => {
      await person.press("+ Invite a system user");
      await person.seesPage("Invite a system user");
      await person.type("E-mail address", "alan");
      await person.press("Send the invitation");
      const faults = await person.faults();
      assert.equal(faults.length, 2, `${faults}`);
      await person.press(/^E-mail address: /);
      await person.page.keyboard.type("@voltmark.example");
      await person.check("Viewer");
      await person.check("Customer support");
      await person.press("Send the invitation");
      await person.seesPage("System users");
      await person.hears("The invitation to alan@voltmark.example is on its way.");
      const token = await newestToken(all.service.mail, "alan@voltmark.example");
      await person.page.goto(`${all.service.url}/activate?token=${token}`);
      await person.type("First name", "Alan");
      await person.type("Last name", "Turing");
      await person.type(/^Password/, PASSWORD);
      await person.page.keyboard.press("Enter");
      await person.sees(/active/i);
      await person.page.goto(all.portal.url);
      await person.seesPage("System users");
      await person.sees("Alan Turing");
    });
  });
}
