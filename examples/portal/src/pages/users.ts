/** The users overview: staff, and customers. */

import { api } from "../api";
import { buttonLink, h, heading, type Child } from "../dom";
import { selectField, textField } from "../fields";
import { filters, list } from "../list";
import type { Page } from "../page";
import { answer, type Schemas } from "../problem";
import { can, mayInvite } from "../session";
import { MEMBER_ROLE, USER_STATUS, badge, choices, personName, plain } from "../words";

export const systemUsersPage: Page = () => overview("system_user");
export const customersPage: Page = () => overview("customer");

async function overview(kind: Schemas["UserKind"]) {
  const title = kind === "system_user" ? "System users" : "Customers";
  const search = textField({ member: "search", label: "Search by name, address or account", type: "search" });
  const status = selectField({ member: "status", label: "Status", choices: choices(USER_STATUS, "Any") });
  const users = list({
    what: "users",
    row: userRow,
    async fetch(cursor) {
      const query = { kind: [kind], limit: 20, ...filter(search.read(), status.read()), ...(cursor && { cursor }) };
      const page = await answer(api.GET("/v1/users", { params: { query } }));
      // Never CSV, which only `Accept: text/csv` asks for.
      return page as Schemas["ListOfUsers"];
    },
  });
  await users.reload();
  const content = [
    tabs(kind),
    h("div", { class: "title" }, heading(title), add(kind)),
    filters([search, status], users.reload, users.count),
    users.root,
  ];
  return { title, content };
}

function filter(search: unknown, status: unknown) {
  return {
    ...(search ? { search: String(search) } : {}),
    ...(status ? { status: [status as Schemas["UserStatus"]] } : {}),
  };
}

/** The two kinds of users, where the person may see both. */
function tabs(kind: Schemas["UserKind"]): Child {
  if (!can("system_users:read")) return null;
  const tab = (own: Schemas["UserKind"], href: string, text: string) =>
    h("a", { href, "aria-current": own === kind && "page" }, text);
  return h("nav", { class: "tabs", "aria-label": "Kinds of users" },
    tab("system_user", "#/users/system", "System users"), tab("customer", "#/users/customers", "Customers"));
}

function add(kind: Schemas["UserKind"]): Child {
  if (!mayInvite(kind)) return null;
  if (kind === "system_user") return buttonLink("#/users/system/invite", "+ Invite a system user");
  return buttonLink("#/users/customers/invite", "+ Invite a customer");
}

function userRow(user: Schemas["User"]): Child {
  const roles = [
    ...user.system_roles.map(plain),
    ...user.memberships.map(({ role, account_name }) => `${MEMBER_ROLE[role]} of ${account_name ?? "a new account"}`),
  ];
  const name = personName(user);
  return [
    h("a", { href: `#/users/${user.id}` }, name),
    name !== user.email && h("span", { class: "address" }, user.email),
    roles.length > 0 && h("span", { class: "hint" }, roles.join(", ")),
    badge(user.status, USER_STATUS[user.status]),
  ];
}
