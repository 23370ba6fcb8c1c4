/** The contract's words in those of the page. A new value in the contract is an error of the compiler here. */

import { h } from "./dom";
import type { Schemas } from "./problem";

export const DELIVERY: Record<Schemas["DeliveryState"], string> = {
  queued: "Letter waits",
  sending: "Letter is being sent",
  sent: "Letter sent",
  delivered: "Letter delivered",
  deferred: "Letter delayed",
  bounced: "Letter came back",
  complained: "Called spam",
  failed: "Letter given up",
  handed_over: "Link handed over",
};

export const INVITATION_STATUS: Record<Schemas["InvitationStatus"], string> = {
  pending: "Invited",
  expired: "Link expired",
  activated: "Activated",
  revoked: "Revoked",
};

export const USER_STATUS: Record<Schemas["UserStatus"], string> = {
  invited: "Invited",
  active: "Active",
  blocked: "Blocked",
};

export const KIND: Record<Schemas["InvitationKind"], string> = {
  system_user: "System user",
  account_owner: "Account owner",
  sub_account: "Sub-account user",
};

export const ACCOUNT_TYPE: Record<Schemas["AccountType"], string> = {
  business: "Business",
  consumer: "Consumer",
};

export const USED_BY: Record<Schemas["UsedBy"], string> = {
  employee: "Employee",
  subsidiary: "Subsidiary",
};

export const MEMBER_ROLE: Record<Schemas["MemberRole"], string> = {
  driver: "Driver",
  account_owner: "Account owner",
};

const LANGUAGE: Record<Schemas["Locale"], string> = {
  en: "English",
  nl: "Nederlands",
  de: "Deutsch",
  fr: "Français",
};

/** The choices of a select, from one of the tables above. */
export const choices = (words: Record<string, string>, none: string): [string, string][] => [
  ["", none],
  ...Object.entries(words),
];

export const languages = choices(LANGUAGE, "The operator's default");

/** `customer_support` as people write it. */
export function plain(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time of the API in the person's own zone. */
export const time = (at: string | null | undefined) =>
  at ? h("time", { datetime: at }, clock.format(new Date(at))) : null;

/** States that somebody must look at. */
const BAD = new Set(["bounced", "complained", "failed", "expired", "blocked", "revoked"]);
const GOOD = new Set(["delivered", "activated", "active"]);

/** A word with the colour of its state. The colour adds nothing to the word. */
export function badge(state: string, word: string): HTMLElement {
  const tone = BAD.has(state) ? "bad" : GOOD.has(state) ? "good" : "neutral";
  return h("span", { class: `badge ${tone}` }, word);
}

/** A person's name, or else the address. */
export function personName(user: Schemas["User"]): string {
  const name = [user.first_name, user.last_name].filter(Boolean).join(" ");
  return name || user.email;
}
