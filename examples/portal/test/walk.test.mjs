// Every step of the operator's manual in Chromium: on a phone's width, by the keyboard alone, each page checked by
// axe-core, on both databases.

import assert from "node:assert/strict";
import { describe, it, before, after } from "node:test";
import { letters, newestToken } from "../demo/mailbox.mjs";
import { ADMIN, BOUNCED, OWNER, PASSWORD } from "../demo/seed.mjs";
import { DATABASES, stage } from "./databases.mjs";

const FILE = `Kind;E-mail;Roles;Account name;Role;Reimbursement rate
System user;iris@voltmark.example;Viewer, Customer support;;;
sub_account;ivan@acme.example;;Acme B.V.;driver;0,27
sub_account;ina@acme.example;;Nowhere B.V.;driver;0,27
account_owner;not-an-address;;Ibis B.V.;;
system_user;ada@voltmark.example;viewer;;;
sub_account;isa@acme.example;;Acme B.V.;driver;123,45
`;

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

    /** @param {string} to */
    const lettersTo = async (to) => (await letters(all.service.mail)).filter((letter) => letter.to === to).length;

    it("signs in; a wrong password is explained", async () => {
      await person.seesPage("Sign in");
      await person.type("E-mail address", ADMIN);
      await person.type("Password", "wrong");
      await person.press("Sign in");
      await person.sees("There is a problem");
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
      await person.picture("faults", "phone");
      await person.press(/^E-mail address: /);
      await person.page.keyboard.type("@voltmark.example");
      await person.check("Viewer");
      await person.check("Customer support");
      await person.press("Send the invitation");
      await person.seesPage("System users");
      await person.hears("The invitation to alan@voltmark.example is on its way.");
      await newestToken(all.service.mail, "alan@voltmark.example");
      await person.page.goto(all.mail.url);
      await person.accessible("the letters");
      await person.press(/^Grace Hopper invites you/);
      await person.sees("to alan@voltmark.example");
      await person.accessible("a letter");
      await person.press(/^http:.*token=/);
      await person.type(/^First name/, "Alan");
      await person.type(/^Last name/, "Turing");
      await person.type(/^Password/, PASSWORD);
      await person.page.keyboard.press("Enter");
      await person.sees(/active/i);
      await person.page.goto(all.portal.url);
      await person.seesPage("System users");
      await person.sees("Alan Turing");
    });

    it("a second invitation of the same person offers to resend the first", async () => {
      await person.press("+ Invite a system user");
      await person.type("E-mail address", "erik@voltmark.example");
      await person.check("Viewer");
      await person.press("Send the invitation");
      await person.seesPage("System users");
      await person.press("+ Invite a system user");
      await person.type("E-mail address", "erik@voltmark.example");
      await person.check("Viewer");
      await person.press("Send the invitation");
      await person.faults();
      await person.press("Resend that invitation");
      await person.hears("The invitation to erik@voltmark.example is sent again.");
    });

    it("resends from a person's page", async () => {
      await person.press("Users");
      await person.press("Customers");
      await person.seesPage("Customers");
      await person.type(/^Search by/, "paula");
      await person.press("Search");
      await person.hears("1 shown.");
      await person.press("paula@lumen.example");
      await person.seesPage("paula@lumen.example");
      await person.sees("Link expired");
      await person.press("Resend the invitation");
      await person.hears("The invitation to paula@lumen.example is sent again.");
      await newestToken(all.service.mail, "paula@lumen.example", 2);
    });

    it("customers, +, account owner", async () => {
      await person.press("Users");
      await person.press("Customers");
      await person.seesPage("Customers");
      await person.press("+ Invite a customer");
      await person.seesPage("Invite a customer");
      await person.type("E-mail address", "oscar@tern.example");
      await person.type(/^Name of the account/, "Tern B.V.");
      await person.select("Type of the account", "Business");
      await person.press("Send the invitation");
      await person.seesPage("Customers");
      await person.hears("The invitation to oscar@tern.example is on its way.");
    });

    it("customers, +, end user with a typed account name and a rate", async () => {
      await person.press("+ Invite a customer");
      await person.seesPage("Invite a customer");
      await person.choose("End user");
      await person.type("E-mail address", "emma@acme.example");
      await person.type("Account", "acme b.v.");
      await person.type(/^Reimbursement rate/, "0,23");
      await person.press("Send the invitation");
      const faults = await person.faults();
      assert.match(faults.join(), /^Reimbursement rate: /);
      await person.type(/^Reimbursement rate/, "0.23");
      await person.press("Send the invitation");
      await person.seesPage("Customers");
      await person.hears("The invitation to emma@acme.example is on its way.");
      await newestToken(all.service.mail, "emma@acme.example");
    });

    it("asks which of several accounts of one name is meant", async () => {
      await all.owners("Twin B.V.", ["tia@twin.example", "tom@twin.example"]);
      await person.press("+ Invite a customer");
      await person.choose("End user");
      await person.type("E-mail address", "emma@twin.example");
      await person.type("Account", "Twin B.V.");
      await person.press("Send the invitation");
      await person.faults();
      const which = person.page.getByLabel("Which account of this name");
      await person.reach(which);
      await person.page.keyboard.press("ArrowDown");
      assert.match(await which.inputValue(), /^acc_/);
      await person.press("Send the invitation");
      // The account that is meant is known now; its owner has not activated yet.
      await person.sees(/not active/);
    });

    it("an account's + Add sub-account", async () => {
      await person.press("Accounts");
      await person.seesPage("Accounts");
      await person.type(/^Search by/, "acme b");
      await person.press("Search");
      await person.hears("1 shown.");
      await person.press("Acme B.V.");
      await person.seesPage("Acme B.V.");
      await person.press("+ Add sub-account");
      await person.seesPage("Add a sub-account to Acme B.V.");
      await person.press("Send the invitation");
      assert.equal((await person.faults()).length, 4);
      await person.choose("Employee");
      await person.type("Name of the sub-account", "Garage Zuid");
      await person.type("E-mail address", "zoe@acme.example");
      await person.choose("Consumer");
      await person.type(/^Reimbursement rate/, "0.25");
      await person.press("Send the invitation");
      await person.seesPage("Acme B.V.");
      await person.sees("Garage Zuid");
      await person.picture("account", "phone");
    });

    it("shows what became of letters, and corrects an address", async () => {
      await person.press("Invitations");
      await person.seesPage("Invitations");
      await person.picture("invitations");
      await person.select("Letter", "Letter came back");
      await person.press("Search");
      await person.hears("1 shown.");
      await person.press(BOUNCED);
      await person.seesPage(`Invitation of ${BOUNCED}`);
      await person.sees(/no such mailbox/);
      // A colleague has changed it since: nothing is overwritten unseen.
      await all.changeLanguage(BOUNCED, "nl");
      await person.type("Correct the address", "nico.jansen@acme.example");
      await person.press("Correct and send");
      await person.faults();
      await person.press("Show how it is now");
      await person.seesPage(`Invitation of ${BOUNCED}`);
      await person.type("Correct the address", "nico.jansen@acme.example");
      await person.press("Correct and send");
      await person.seesPage("Invitation of nico.jansen@acme.example");
      await newestToken(all.service.mail, "nico.jansen@acme.example");
    });

    it("resends many at once", async () => {
      await person.press("Invitations");
      await person.seesPage("Invitations");
      await person.press("Resend all that have expired");
      await person.hears("1 sent again, 0 not.");
      await newestToken(all.service.mail, "quinn@tramway.example", 2);
      await person.check("Resend to emma@acme.example");
      await person.check("Resend to oscar@tern.example");
      await person.press("Resend the ticked ones");
      await person.hears("2 sent again, 0 not.");
      await newestToken(all.service.mail, "oscar@tern.example", 2);
      await person.accessible("invitations after a bulk resend");
    });

    it("imports a CSV file, and shows its faults by row and column", async () => {
      await person.press("Import");
      await person.seesPage("Import");
      await person.press("Check the file");
      assert.deepEqual(await person.faults(), ["File: Choose a file."]);
      await person.attach("File", "people.csv", FILE.replace("Roles", "Rolls"));
      await person.press("Check the file");
      await person.sees("There is no such column");
      await person.attach("File", "people.csv", FILE);
      await person.press("Check the file");
      await person.sees("2 can be invited, 1 already there, 3 faulty");
      const rows = await person.page.getByRole("row").allInnerTexts();
      const places = rows.map((row) => row.split("\t").slice(0, 2).join(" "));
      assert.deepEqual(places, ["Row Column", "4 account_name", "5 email", "7 reimbursement_rate", "Row Column", "6 email"]);
      await person.accessible("the faults of a file");
      await person.picture("import");
      await person.press("Send 2 invitations");
      await person.sees("2 invited, 0 already there, 0 faulty");
      await newestToken(all.service.mail, "ivan@acme.example");
      assert.equal(await lettersTo("isa@acme.example"), 0);
    });

    it("a lost answer has no second effect", async () => {
      await person.press("Users");
      await person.press("+ Invite a system user");
      const lost = await all.loseAnswers("/v1/system-users/invitations", 5);
      await person.type("E-mail address", "ruth@voltmark.example");
      await person.check("Viewer");
      await person.press("Send the invitation");
      await person.sees("The service did not answer");
      await person.press("Send the invitation");
      await person.hears("The invitation to ruth@voltmark.example is on its way.");
      assert.equal(new Set(lost.keys).size, 1, `${lost.keys}`);
      assert.equal(lost.keys.length, 6);
      await newestToken(all.service.mail, "ruth@voltmark.example");
      assert.equal(await lettersTo("ruth@voltmark.example"), 1);
    });

    it("an account owner sees and invites below their account, and nothing else", async () => {
      await person.press("Sign out");
      await person.seesPage("Sign in");
      await person.type("E-mail address", OWNER);
      await person.type("Password", PASSWORD);
      await person.press("Sign in");
      await person.seesPage("Customers");
      assert.equal(await person.page.getByRole("link", { name: "System users" }).count(), 0);
      await person.press("+ Invite a customer");
      await person.seesPage("Invite a customer");
      await person.type("E-mail address", "hugo@acme.example");
      await person.type("Account", "Acme B.V.");
      await person.press("Send the invitation");
      await person.seesPage("Customers");
      await person.sees("hugo@acme.example");
    });

    it("a viewer is offered nothing that only others may do", async () => {
      await person.press("Sign out");
      await person.seesPage("Sign in");
      await person.type("E-mail address", "ada@voltmark.example");
      await person.type("Password", PASSWORD);
      await person.press("Sign in");
      await person.seesPage("System users");
      await person.press("Invitations");
      await person.seesPage("Invitations");
      await person.press("hugo@acme.example");
      await person.seesPage("Invitation of hugo@acme.example");
      assert.equal(await person.page.getByRole("button", { name: /Invite|Resend|Revoke|Correct/ }).count(), 0);
      assert.equal(await person.page.getByRole("link", { name: /Invite a|Import/ }).count(), 0);
    });
  });
}
