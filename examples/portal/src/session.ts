/**
 * Who is signed in. The access token is in memory alone; the refresh token is a cookie that scripts cannot read
 * (`"session": "cookie"`), which survives a reload.
 */

import { api } from "./api";
import { answer, type Schemas } from "./problem";

/** How long before its end an access token is replaced, in milliseconds. */
const MARGIN = 30_000;

let access: { token: string; until: number } | null = null;
let refreshing: Promise<boolean> | null = null;

/** The person, while signed in. */
export let me: Schemas["Me"] | null = null;

/** Whether the person may do this, everywhere. Account owners have no such permission, and act in their accounts. */
export const can = (permission: Schemas["Permission"]) => me?.permissions.includes(permission) ?? false;

/** Whether the person may invite below this account. */
export const mayInviteBelow = (account: string) =>
  can("customers:invite") || me?.accounts.some(({ id, role }) => id === account && role === "account_owner") === true;

/** Whether the person may invite, resend and revoke invitations of this kind, somewhere. */
export function mayInvite(kind: "system_user" | "customer"): boolean {
  if (kind === "system_user") return can("system_users:invite");
  return can("customers:invite") || me?.accounts.some(({ role }) => role === "account_owner") === true;
}

/** Whether the person may invite anybody. */
export const mayInviteAnybody = () => mayInvite("system_user") || mayInvite("customer");

export async function signIn(email: string, password: string): Promise<void> {
  const body = { email, password, session: "cookie" as const };
  const tokens = await answer(api.POST("/v1/auth/token", { body, credentials: "include" }));
  await begin(tokens);
}

/** Continues the session of an earlier visit. False where there is none. */
export async function resume(): Promise<boolean> {
  if (!(await refresh())) return false;
  me = await answer(api.GET("/v1/me"));
  return true;
}

export async function signOut(): Promise<void> {
  await answer(api.POST("/v1/auth/sign-out", { body: {}, credentials: "include" })).finally(forget);
}

/** Forgets the tokens of this page. */
export function forget(): void {
  access = null;
  me = null;
}

/** The access token, a new one where it is about to end. */
export async function token(): Promise<string | null> {
  if (access && access.until - MARGIN < Date.now()) await refresh();
  return access?.token ?? null;
}

async function begin(tokens: { access_token: string; expires_in: number }): Promise<void> {
  hold(tokens);
  me = await answer(api.GET("/v1/me"));
}

function hold({ access_token, expires_in }: { access_token: string; expires_in: number }): void {
  access = { token: access_token, until: Date.now() + expires_in * 1000 };
}

/** One request at a time, since each spends the refresh token. False where there is no session to continue. */
function refresh(): Promise<boolean> {
  refreshing ??= api
    .POST("/v1/auth/refresh", { body: {}, credentials: "include" })
    .then(({ data }) => {
      if (data) hold(data);
      return data !== undefined;
    })
    .catch(() => false)
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}
