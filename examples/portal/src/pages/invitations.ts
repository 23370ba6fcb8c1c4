/** All invitations by what became of their letters, and sending many of them again. */

import { api } from "../api";
import { bulkResend } from "../bulk-resend";
import { h, heading, type Child } from "../dom";
import { selectField, textField } from "../fields";
import { filters, list } from "../list";
import type { Page } from "../page";
import { answer, type Schemas } from "../problem";
import { mayInviteAnybody } from "../session";
import { DELIVERY, INVITATION_STATUS, KIND, badge, choices } from "../words";

type Invitation = Schemas["Invitation"];

export const invitationsPage: Page = async () => {
  const title = "Invitations";
  const search = textField({ member: "search", label: "Search by address, name or account", type: "search" });
  const status = selectField({ member: "status", label: "Status", choices: choices(INVITATION_STATUS, "Any") });
  const delivery = selectField({ member: "delivery", label: "Letter", choices: choices(DELIVERY, "Any") });
  const counts = h("div", {});
  const bulk = bulkResend(() => reload());
  const invitations = list({
    what: "invitations",
    row: (invitation: Invitation) => [mayInviteAnybody() && bulk.checkbox(invitation), ...invitationRow(invitation)],
    fetch: (cursor) => {
      const query = { limit: 20, ...chosen(search.read(), status.read(), delivery.read()), ...(cursor && { cursor }) };
      return answer(api.GET("/v1/invitations", { params: { query } }));
    },
  });
  const reload = async () => {
    bulk.clear();
    counts.replaceChildren(...numbers(await answer(api.GET("/v1/invitations/counts"))));
    await invitations.reload();
  };
  await reload();
  return {
    title,
    content: [
      heading(title),
      counts,
      mayInviteAnybody() && bulk.root,
      filters([search, status, delivery], reload, invitations.count),
      invitations.root,
    ],
  };
};

function chosen(search: unknown, status: unknown, delivery: unknown) {
  return {
    ...(search ? { search: String(search) } : {}),
    ...(status ? { status: [status as Schemas["InvitationStatus"]] } : {}),
    ...(delivery ? { delivery: [delivery as Schemas["DeliveryState"]] } : {}),
  };
}

/** How many wait, have expired, or have a letter in each state. States that nobody is in are left out. */
function numbers({ by_status, by_delivery }: Schemas["InvitationCounts"]): HTMLElement[] {
  const row = (counts: Record<string, number>, words: Record<string, string>) => {
    const entries = Object.entries(words).filter(([state]) => counts[state]);
    return h("ul", { class: "numbers" }, entries.map(([state, word]) =>
      h("li", {}, badge(state, `${word}: ${counts[state]}`))));
  };
  return [row(by_status, INVITATION_STATUS), row(by_delivery, DELIVERY)];
}

/** One invitation in a list: to whom, what for, its status, and its letter. */
export function invitationRow(invitation: Invitation): Child[] {
  const { id, email, kind, account, status, delivery } = invitation;
  return [
    h("a", { href: `#/invitations/${id}` }, email),
    h("span", { class: "hint" }, [KIND[kind], account?.name].filter(Boolean).join(", ")),
    badge(status, INVITATION_STATUS[status]),
    status !== "activated" && badge(delivery.state, DELIVERY[delivery.state]),
  ];
}
