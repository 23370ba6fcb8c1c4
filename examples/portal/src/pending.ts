/** What to offer where a person has a live invitation already. */

import { ChangeKey, api } from "./api";
import { h, type Child } from "./dom";
import { say } from "./page";
import { explain, type Problem } from "./problem";

/** With `invitation_pending`: to resend that invitation, or to look at it. */
export function pendingHelp({ code, invitation_id: id }: Problem): Child {
  if (code !== "invitation_pending" || !id) return null;
  const key = new ChangeKey();
  const onclick = () => {
    void key
      .send({}, (header, body) =>
        api.POST("/v1/invitations/{id}/resend", { body, params: { path: { id }, header } }))
      .then((sent) => say(`The invitation to ${sent.email} is sent again.`))
      .catch((error: unknown) => say(explain(error)));
  };
  return [
    h("button", { type: "button", class: "secondary", onclick }, "Resend that invitation"),
    " ",
    h("a", { href: `#/invitations/${id}` }, "Look at it"),
  ];
}
