/** An account's page, + Add sub-account: a new account below it, and the person who is invited to it. */

import { ChangeKey, api } from "../api";
import { heading } from "../dom";
import { radioField, selectField, textField } from "../fields";
import { form } from "../form";
import { go, type Page } from "../page";
import { pendingHelp } from "../pending";
import { answer, type Schemas } from "../problem";
import { ACCOUNT_TYPE, MEMBER_ROLE, USED_BY, choices } from "../words";
import { emailField, localeField, rateField } from "./invite-customer";

const HINTS: Record<Schemas["UsedBy"], string> = {
  employee: "Charging is reimbursed automatically",
  subsidiary: "Charging is reimbursed by hand; its first person is an owner",
};

export const addSubAccountPage: Page = async (id) => {
  const path = { account_id: id! };
  const above = await answer(api.GET("/v1/accounts/{account_id}", { params: { path } }));
  const title = `Add a sub-account to ${above.name ?? "this account"}`;
  const options = (words: Record<string, string>, hints: Record<string, string> = {}) =>
    Object.entries(words).map(([value, label]) => ({ value, label, ...(hints[value] && { hint: hints[value] }) }));
  const fields = [
    radioField({ member: "used_by", label: "Used by", required: true, choices: options(USED_BY, HINTS) }),
    textField({ member: "account_name", label: "Name of the sub-account", required: true }),
    emailField(),
    radioField({ member: "account_type", label: "Type of the sub-account", required: true, choices: options(ACCOUNT_TYPE) }),
    selectField({ member: "role", label: "Role", choices: choices(MEMBER_ROLE, "As usual for who uses it") }),
    rateField(),
    localeField(),
  ];
  const key = new ChangeKey();
  const content = form({
    fields: () => fields,
    body: fields.map(({ root }) => root),
    submit: "Send the invitation",
    help: pendingHelp,
    async send(members) {
      const invited = await key.send(members as unknown as Schemas["InviteSubAccount"], (header, body) =>
        api.POST("/v1/accounts/{account_id}/sub-accounts", { body, params: { path, header } }));
      go(`#/accounts/${above.id}`, `The invitation to ${invited.email} is on its way.`);
    },
  });
  return { title, content: [heading(title), content] };
};
