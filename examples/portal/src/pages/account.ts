/** An account's page, with the accounts below it. */

import { api } from "../api";
import { buttonLink, details, h, heading } from "../dom";
import { list } from "../list";
import type { Page } from "../page";
import { answer, type Schemas } from "../problem";
import { mayInviteBelow } from "../session";
import { ACCOUNT_TYPE, USED_BY, badge, plain, time } from "../words";
import { accountRow } from "./accounts";

type Account = Schemas["Account"];

export const accountPage: Page = async (id) => {
  const path = { account_id: id! };
  const account = await answer(api.GET("/v1/accounts/{account_id}", { params: { path } }));
  const below = list({
    what: "sub-accounts",
    row: accountRow,
    fetch: (cursor) => {
      const query = { limit: 20, ...(cursor && { cursor }) };
      return answer(api.GET("/v1/accounts/{account_id}/sub-accounts", { params: { path, query } }));
    },
  });
  await below.reload();
  const title = account.name ?? "Account without a name yet";
  const add = account.type === "business" && account.status === "active" && mayInviteBelow(account.id) &&
    buttonLink(`#/accounts/${account.id}/sub-accounts/add`, "+ Add sub-account");
  return {
    title,
    content: [
      h("div", { class: "title" }, heading(title), badge(account.status, plain(account.status))),
      about(account),
      h("div", { class: "title" }, h("h2", {}, "Sub-accounts"), add),
      below.root,
    ],
  };
};

function about(account: Account): HTMLElement {
  const { company, reimbursement, parent_account_id: parent } = account;
  const address = company?.address;
  return details([
    ["Type", account.type && ACCOUNT_TYPE[account.type]],
    ["Above", parent && h("a", { href: `#/accounts/${parent}` }, "The account above")],
    ["Used by", account.used_by && USED_BY[account.used_by]],
    ["Reimbursement", reimbursement && `${reimbursement.rate} ${reimbursement.currency} per ${reimbursement.unit}, ${reimbursement.mode}`],
    ["Company", company?.name],
    ["VAT number", company?.vat_number],
    ["Address", address && [address.street, address.house_number, address.postal_code, address.city, address.country].filter(Boolean).join(" ")],
    ["Created", time(account.created_at)],
  ]);
}
