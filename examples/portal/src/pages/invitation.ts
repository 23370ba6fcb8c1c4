/** One invitation: its letter, its timeline, and a correction of its address. */

import { api } from "../api";
import { details, h, heading } from "../dom";
import { textField } from "../fields";
import { form } from "../form";
import { list } from "../list";
import { go, type Page } from "../page";
import { answer, tagged, type Schemas } from "../problem";
import { resend, revoke } from "../resend";
import { mayInvite } from "../session";
import { DELIVERY, INVITATION_STATUS, KIND, badge, plain, time } from "../words";

type Invitation = Schemas["Invitation"];

export const invitationPage: Page = async (id) => {
  const path = { id: id! };
  const { data: invitation, etag } = await tagged(api.GET("/v1/invitations/{id}", { params: { path } }));
  const events = list({
    what: "events",
    row: eventRow,
    fetch: (cursor) => {
      const query = { limit: 50, ...(cursor && { cursor }) };
      return answer(api.GET("/v1/invitations/{id}/events", { params: { path, query } }));
    },
  });
  await events.reload();
  const title = `Invitation of ${invitation.email}`;
  const mine = mayInvite(invitation.kind === "system_user" ? "system_user" : "customer");
  const open = mine && ["pending", "expired"].includes(invitation.status);
  return {
    title,
    content: [
      h("div", { class: "title" }, heading(title), badge(invitation.status, INVITATION_STATUS[invitation.status])),
      about(invitation),
      h("h2", {}, "The letter"),
      letter(invitation.delivery),
      open && h("div", { class: "actions" },
        resend(invitation.id, ({ email }) => go(location.hash, `The invitation to ${email} is sent again.`)),
        revoke(invitation.id, ({ email }) => go("#/invitations", `The invitation to ${email} is revoked.`))),
      open && correction(invitation, etag),
      h("h2", {}, "What happened"),
      events.root,
    ],
  };
};

function about(invitation: Invitation): HTMLElement {
  const { account } = invitation;
  return details([
    ["Invited as", `${KIND[invitation.kind]}: ${invitation.roles.map(plain).join(", ")}`],
    ["Person", h("a", { href: `#/users/${invitation.user_id}` }, invitation.email)],
    ["Account", account && h("a", { href: `#/accounts/${account.id}` }, account.name ?? "without a name yet")],
    ["Invited by", invitation.invited_by.name],
    ["Sent", `${invitation.send_count} times`],
    ["Link expires", time(invitation.expires_at)],
    ["Activated", time(invitation.activated_at)],
    ["Revoked", time(invitation.revoked_at)],
  ]);
}

function letter(delivery: Schemas["Delivery"]): HTMLElement {
  return details([
    ["State", badge(delivery.state, DELIVERY[delivery.state])],
    ["Reason", delivery.reason ?? delivery.last_error],
    ["What to do", delivery.advice],
    ["Sent", time(delivery.sent_at)],
    ["Reported", time(delivery.reported_at)],
    ["Given up", time(delivery.failed_at)],
  ]);
}

function eventRow({ type, at, actor }: Schemas["Event"]) {
  return [h("span", {}, plain(type)), h("span", { class: "hint" }, time(at)), actor.name && h("span", { class: "hint" }, `by ${actor.name}`)];
}

/** Another address ends the link and gets a letter. The tag of what was read prevents an unseen overwrite. */
function correction({ id, email }: Invitation, etag: string): HTMLElement {
  const field = textField({ member: "email", label: "Correct the address", type: "email", value: email, required: true });
  return form({
    fields: () => [field],
    body: field.root,
    submit: "Correct and send",
    async send() {
      const params = { path: { id }, header: { "If-Match": etag } };
      const body = { email: field.control.value };
      const changed = await answer(api.PATCH("/v1/invitations/{id}", { params, body }));
      go(location.hash, `The invitation goes to ${changed.email}. The old link no longer works.`);
    },
    help: ({ code }) => code === "precondition_failed" &&
      h("button", { type: "button", class: "secondary", onclick: () => go(location.hash) }, "Show how it is now"),
  });
}
