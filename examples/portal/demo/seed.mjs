// The people of the demo, invited and activated through the API as people would.

import createClient from "openapi-fetch";
import { newestToken } from "./mailbox.mjs";
import { report } from "./returned-mail.mjs";

/** @typedef {import("../src/contract").paths} Paths */
/** @typedef {import("./service.mjs").Service} Service */
/** @typedef {import("openapi-fetch").Client<Paths>} Client */

/** Of everybody who is seeded. */
export const PASSWORD = "seven green bicycles sing";
export const ADMIN = "grace@voltmark.example";
export const OWNER = "olga@acme.example";
export const DRIVER = "dave@acme.example";
export const BOUNCED = "nico@acme.example";
/** Whose links have expired. */
export const EXPIRED = ["erik@voltmark.example", "paula@lumen.example", "quinn@tramway.example"];

/**
 * @param {string} url
 * @param {string} [token]
 * @returns {Client}
 */
function client(url, token) {
  return createClient({ baseUrl: url, headers: token ? { Authorization: `Bearer ${token}` } : {} });
}

/**
 * The data of an answer; throws where it is an error.
 * @template T
 * @param {Promise<{ data?: T, error?: unknown }>} call
 * @returns {Promise<T>}
 */
async function done(call) {
  const { data, error } = await call;
  if (error !== undefined) throw new Error(JSON.stringify(error));
  return /** @type {T} */ (data);
}

const key = () => ({ header: { "Idempotency-Key": crypto.randomUUID() } });

/**
 * Invitations whose links soon expire: for a service with a short INVITATION_TTL.
 * @param {Service} service
 */
export async function seedExpired(service) {
  const api = client(service.url, await service.token("Grace Hopper"));
  const [colleague = "", ...owners] = EXPIRED;
  const staff = { kind: /** @type {const} */ ("system_user"), email: colleague, roles: [/** @type {const} */ ("finance")] };
  const customers = owners.map((email) => ({ kind: /** @type {const} */ ("account_owner"), email }));
  await done(api.POST("/v1/invitations/batch", { body: { invitations: [staff, ...customers] }, params: key() }));
  // The lifetime begins when a letter is sent: left to the next service, they would be valid for a day.
  for (const email of EXPIRED) await newestToken(service.mail, email);
}

/**
 * Everybody else.
 * @param {Service} service
 */
export async function seed(service) {
  const first = client(service.url, await service.token("Set-up"));
  await invite(first, "/v1/system-users/invitations", { email: ADMIN, roles: ["admin"] });
  await activate(service, ADMIN, { first_name: "Grace", last_name: "Hopper" });
  const signedIn = await done(first.POST("/v1/auth/token", { body: { email: ADMIN, password: PASSWORD } }));
  const api = client(service.url, signedIn.access_token);

  await invite(api, "/v1/system-users/invitations", { email: "ada@voltmark.example", roles: ["viewer"] });
  await activate(service, "ada@voltmark.example", { first_name: "Ada", last_name: "Lovelace" });
  const acme = { email: OWNER, account_name: "Acme B.V.", account_type: "business" };
  const { account } = await invite(api, "/v1/account-owners/invitations", acme);
  await activate(service, OWNER, { first_name: "Olga", last_name: "Owner", account: { company: COMPANY } });

  const driver = { email: DRIVER, role: "driver", account_name: "Acme B.V.", reimbursement_rate: "0.23" };
  await invite(api, "/v1/sub-accounts/invitations", driver);
  await activate(service, DRIVER, { first_name: "Dave", last_name: "Driver", account: { type: "consumer" } });
  await invite(api, "/v1/sub-accounts/invitations", { ...driver, email: BOUNCED });
  await invite(api, "/v1/sub-accounts/invitations", { ...driver, email: "mia@acme.example" });
  await done(api.POST("/v1/accounts/{account_id}/sub-accounts", {
    params: { ...key(), path: { account_id: account?.id ?? "" } },
    body: { used_by: "subsidiary", account_name: "Acme Noord", email: "nora@acme.example", account_type: "business" },
  }));
  await report(service, BOUNCED, "failed", "5.1.1", "550 5.1.1 There is no such mailbox");
  await report(service, "mia@acme.example", "delayed", "4.4.1", "421 4.4.1 The server does not answer");
  await report(service, "nora@acme.example", "delivered", "2.0.0", "250 2.0.0 Accepted");
}

/**
 * Owners of new accounts that have one name.
 * @param {Service} service
 * @param {string} account
 * @param {string[]} emails
 */
export async function inviteOwners(service, account, emails) {
  const api = client(service.url, await service.token("Set-up"));
  for (const email of emails) {
    await invite(api, "/v1/account-owners/invitations", { email, account_name: account, account_type: "business" });
  }
}

/**
 * Changes the language of the letters to somebody who is invited, as a colleague would.
 * @param {Service} service
 * @param {string} email
 * @param {string} locale
 */
export async function changeLanguage(service, email, locale) {
  const api = client(service.url, await service.token("A colleague"));
  const { data: [invitation] } = await done(api.GET("/v1/invitations", { params: { query: { email } } }));
  const params = { path: { id: invitation?.id ?? "" }, header: { "If-Match": "*" } };
  await done(api.PATCH("/v1/invitations/{id}", { params, body: { locale } }));
}

/** Of a tax authority's documentation; no company of this name. */
const COMPANY = {
  name: "Acme B.V.",
  vat_number: "NL004495445B01",
  address: { street: "Keizersgracht", house_number: "1", postal_code: "1015 CN", city: "Amsterdam", country: "NL" },
};

/**
 * @param {Client} api
 * @param {"/v1/system-users/invitations" | "/v1/account-owners/invitations" | "/v1/sub-accounts/invitations"} path
 * @param {object} body
 */
const invite = (api, path, body) =>
  done(api.POST(path, { body: /** @type {any} */ (body), params: key() }));

/**
 * @param {Service} service
 * @param {string} email
 * @param {object} answers
 */
async function activate(service, email, answers) {
  const token = await newestToken(service.mail, email);
  await done(client(service.url).POST("/v1/activations", { body: { token, password: PASSWORD, ...answers } }));
}
