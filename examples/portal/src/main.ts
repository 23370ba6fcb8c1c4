/** The portal: reads where the service is, continues the session, and opens the page of the address. */

import "./style.css";
import { connect } from "./api";
import { buttonLink, h } from "./dom";
import { frame, go, header, open, type Routes } from "./page";
import { explain } from "./problem";
import * as session from "./session";
import { accountPage } from "./pages/account";
import { accountsPage } from "./pages/accounts";
import { addSubAccountPage } from "./pages/add-sub-account";
import { importPage } from "./pages/import";
import { invitationPage } from "./pages/invitation";
import { invitationsPage } from "./pages/invitations";
import { inviteCustomerPage } from "./pages/invite-customer";
import { inviteSystemUserPage } from "./pages/invite-system-user";
import { personPage } from "./pages/person";
import { signInPage } from "./pages/sign-in";
import { customersPage, systemUsersPage } from "./pages/users";

const SIGN_IN = "#/sign-in";

const ROUTES: Routes = [
  ["#/users/system", systemUsersPage],
  ["#/users/system/invite", inviteSystemUserPage],
  ["#/users/customers", customersPage],
  ["#/users/customers/invite", inviteCustomerPage],
  ["#/users/:id", personPage],
  ["#/accounts", accountsPage],
  ["#/accounts/:id", accountPage],
  ["#/accounts/:id/sub-accounts/add", addSubAccountPage],
  ["#/invitations", invitationsPage],
  ["#/invitations/:id", invitationPage],
  ["#/import", importPage],
];

/** The pages of the navigation: address and text. */
function navigation(): [string, string][] {
  return [
    ["#/users", "Users"],
    ["#/accounts", "Accounts"],
    ["#/invitations", "Invitations"],
    ...(session.mayInviteAnybody() ? [["#/import", "Import"] as [string, string]] : []),
  ];
}

function start(): string {
  return session.can("system_users:read") ? "#/users/system" : "#/users/customers";
}

async function show(): Promise<void> {
  drawHeader();
  if (session.me) await open(ROUTES, start());
  else await open([[SIGN_IN, signInPage]], SIGN_IN);
}

function drawHeader(): void {
  const { me } = session;
  if (!me) return header.replaceChildren(h("p", { class: "brand" }, "Portal"));
  const links = navigation().map(([address, text]) => {
    const current = location.hash.startsWith(address);
    return h("a", { href: address === "#/users" ? start() : address, "aria-current": current && "page" }, text);
  });
  const out = h("button", { type: "button", class: "plain", onclick: () => void signOut() }, "Sign out");
  header.replaceChildren(
    h("p", { class: "brand" }, "Portal"),
    h("p", { class: "who" }, `${me.name} `, out),
    h("nav", { "aria-label": "Main" }, links),
  );
}

async function signOut(): Promise<void> {
  await session.signOut().catch(() => undefined);
  go(SIGN_IN, "You are signed out.");
}

function ended(): void {
  if (!session.me) return;
  session.forget();
  go(SIGN_IN, "Your session has ended. Sign in again.");
}

async function begin(): Promise<void> {
  const settings = (await (await fetch("settings.json")).json()) as { api: string };
  connect(settings.api, { token: session.token, ended });
  await session.resume();
  addEventListener("hashchange", () => void show());
  await show();
}

document.body.append(...frame());
begin().catch((error: unknown) => {
  const again = buttonLink("", "Try again");
  document.body.append(h("main", {}, h("h1", {}, "The portal cannot start"), h("p", {}, explain(error)), again));
});
