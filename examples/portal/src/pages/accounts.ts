/** The customers' accounts. */

import { api } from "../api";
import { h, heading, type Child } from "../dom";
import { selectField, textField } from "../fields";
import { filters, list } from "../list";
import type { Page } from "../page";
import { answer, type Schemas } from "../problem";
import { ACCOUNT_TYPE, USED_BY, badge, choices, plain } from "../words";

export const accountsPage: Page = async () => {
  const title = "Accounts";
  const search = textField({ member: "search", label: "Search by name", type: "search" });
  const type = selectField({ member: "type", label: "Type", choices: choices(ACCOUNT_TYPE, "Any") });
  const accounts = list({
    what: "accounts",
    row: accountRow,
    fetch: (cursor) => {
      const query = { limit: 20, ...chosen(search.read(), type.read()), ...(cursor && { cursor }) };
      return answer(api.GET("/v1/accounts", { params: { query } }));
    },
  });
  await accounts.reload();
  return { title, content: [heading(title), filters([search, type], accounts.reload, accounts.count), accounts.root] };
};

function chosen(search: unknown, type: unknown) {
  return {
    ...(search ? { search: String(search) } : {}),
    ...(type ? { type: [type as Schemas["AccountType"]] } : {}),
  };
}

/** One account in a list. */
export function accountRow(account: Schemas["Account"]): Child {
  const kind = [account.type && ACCOUNT_TYPE[account.type], account.used_by && USED_BY[account.used_by]];
  return [
    h("a", { href: `#/accounts/${account.id}` }, account.name ?? "Without a name yet"),
    h("span", { class: "hint" }, kind.filter(Boolean).join(", ")),
    badge(account.status, plain(account.status)),
  ];
}
