/** A person's page: who they are, and their invitations with what became of the letters. */

import { api } from "../api";
import { details, h, heading, type Child } from "../dom";
import { list } from "../list";
import { go, type Page } from "../page";
import { answer, type Schemas } from "../problem";
import { resendToPerson } from "../resend";
import { mayInviteAnybody } from "../session";
import { MEMBER_ROLE, USER_STATUS, badge, personName, plain, time } from "../words";
import { invitationRow } from "./invitations";

export const personPage: Page = async (id) => {
  const user = await answer(api.GET("/v1/users/{id}", { params: { path: { id: id! } } }));
  const title = personName(user);
  const invitations = list({
    what: "invitations",
    row: invitationRow,
    fetch: (cursor) => {
      const query = { email: user.email, limit: 20, ...(cursor && { cursor }) };
      return answer(api.GET("/v1/invitations", { params: { query } }));
    },
  });
  await invitations.reload();
  const again = user.pending_invitation_id !== null && mayInviteAnybody() &&
    resendToPerson(user.id, ({ email }) => go(location.hash, `The invitation to ${email} is sent again.`));
  return {
    title,
    content: [
      h("div", { class: "title" }, heading(title), badge(user.status, USER_STATUS[user.status])),
      about(user),
      again && h("div", { class: "actions" }, again),
      h("h2", {}, "Invitations"),
      invitations.root,
    ],
  };
};

function about(user: Schemas["User"]): HTMLElement {
  const memberships = user.memberships.map(({ account_id, account_name, role }): Child =>
    h("div", {}, `${MEMBER_ROLE[role]} of `, h("a", { href: `#/accounts/${account_id}` }, account_name ?? "a new account")),
  );
  return details([
    ["E-mail address", user.email],
    ["Roles", user.system_roles.map(plain).join(", ")],
    ["Accounts", memberships.length > 0 ? memberships : null],
    ["Invited first", time(user.created_at)],
    ["Activated", time(user.activated_at)],
  ]);
}
