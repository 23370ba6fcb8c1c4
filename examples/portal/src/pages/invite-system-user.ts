/** Users, system users, +: an address, roles, send. */

import { ChangeKey, api } from "../api";
import { heading } from "../dom";
import { checkboxField, selectField, textField } from "../fields";
import { form } from "../form";
import { pendingHelp } from "../pending";
import { go, type Page } from "../page";
import { answer, type Schemas } from "../problem";
import { languages, plain } from "../words";

export const inviteSystemUserPage: Page = async () => {
  const title = "Invite a system user";
  const roles = await answer(api.GET("/v1/roles"));
  const fields = [
    textField({ member: "email", label: "E-mail address", type: "email", inputmode: "email", required: true }),
    checkboxField({
      member: "roles", label: "Roles", required: true,
      choices: roles.data.map(({ name, description }) => ({ value: name, label: plain(name), hint: description })),
    }),
    selectField({ member: "locale", label: "Language of the letter", choices: languages }),
  ];
  const key = new ChangeKey();
  const content = form({
    fields: () => fields,
    body: fields.map(({ root }) => root),
    submit: "Send the invitation",
    help: pendingHelp,
    async send(members) {
      const invited = await key.send(members as unknown as Schemas["InviteSystemUser"], (header, body) =>
        api.POST("/v1/system-users/invitations", { body, params: { header } }),
      );
      go("#/users/system", `The invitation to ${invited.email} is on its way.`);
    },
  });
  return { title, content: [heading(title), content] };
};
