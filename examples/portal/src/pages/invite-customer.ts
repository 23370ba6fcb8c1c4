/** Users, customers, +: the owner of a new account, or a user below an account that exists. */

import { accountField } from "../account-field";
import { ChangeKey, api } from "../api";
import { h, heading } from "../dom";
import { radioField, selectField, textField, type Field } from "../fields";
import { form } from "../form";
import { go, type Page } from "../page";
import { pendingHelp } from "../pending";
import { type Schemas } from "../problem";
import { can } from "../session";
import { ACCOUNT_TYPE, MEMBER_ROLE, choices, languages } from "../words";

const KINDS = [
  { value: "account_owner", label: "Account owner", hint: "Owns a new customer's account" },
  { value: "sub_account", label: "End user", hint: "Uses an account below a customer's" },
];

/** The rate at which private charging is reimbursed: a decimal as a text, as the API takes it. */
export const rateField = () =>
  textField({
    member: "reimbursement_rate", label: "Reimbursement rate", inputmode: "decimal",
    hint: "EUR per kWh for private charging, with a point: 0.23",
  });

export const emailField = () =>
  textField({ member: "email", label: "E-mail address", type: "email", inputmode: "email", required: true });

export const localeField = () =>
  selectField({ member: "locale", label: "Language of the letter", choices: languages });

export const inviteCustomerPage: Page = async () => {
  const title = "Invite a customer";
  // Account owners invite below their accounts; only staff bring new customers.
  const kinds = can("customers:invite") ? KINDS : KINDS.slice(1);
  const kind = radioField({
    member: "kind", label: "Who is invited", required: true, choices: kinds, value: kinds[0]!.value,
    onchange: () => place.replaceChildren(...chosen().roots),
  });
  const [email, locale, place] = [emailField(), localeField(), h("div", {})];
  const [owner, user] = [ownerFields(), userFields()];
  const chosen = () => (kind.read() === "account_owner" ? owner : user);
  place.replaceChildren(...chosen().roots);
  const key = new ChangeKey();
  const content = form({
    fields: () => [email, ...chosen().fields(), locale],
    body: [kinds.length > 1 && kind.root, email.root, place, locale.root],
    submit: "Send the invitation",
    help: (problem) => pendingHelp(problem) || (user.account.choose(problem) && "Choose the account below."),
    async send(members) {
      const invited = await key.send(members, chosen().post);
      go("#/users/customers", `The invitation to ${invited.email} is on its way.`);
    },
  });
  return { title, content: [heading(title), content] };
};

interface KeyHeader {
  "Idempotency-Key": string;
}

/** A new customer. What is left open, the owner is asked for at activation. */
function ownerFields() {
  const fields: Field[] = [
    textField({ member: "account_name", label: "Name of the account", hint: "Without it, the owner is asked for it" }),
    selectField({ member: "account_type", label: "Type of the account", choices: choices(ACCOUNT_TYPE, "The owner chooses") }),
  ];
  const post = (header: KeyHeader, body: object) =>
    api.POST("/v1/account-owners/invitations", { body: body as Schemas["InviteAccountOwner"], params: { header } });
  return { fields: () => fields, roots: fields.map(({ root }) => root), post };
}

/** A user below an account, which is typed by its name. */
function userFields() {
  const account = accountField();
  const [role, rate] = [
    selectField({ member: "role", label: "Role", choices: Object.entries(MEMBER_ROLE), value: "driver", required: true }),
    rateField(),
  ];
  const post = (header: KeyHeader, body: object) =>
    api.POST("/v1/sub-accounts/invitations", { body: body as Schemas["InviteSubAccountUser"], params: { header } });
  return { account, fields: () => [role, account.field(), rate], roots: [role.root, account.root, rate.root], post };
}
