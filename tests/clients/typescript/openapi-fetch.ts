// The tour with openapi-typescript and openapi-fetch.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.js";
import { losing, retrying } from "./retry.js";

type Schemas = components["schemas"];

const baseUrl = process.env["SERVICE_URL"]!;
const headers = { Authorization: `Bearer ${process.env["TOKEN"]!}` };
const api = createClient<paths>({ baseUrl, headers, fetch: retrying(losing(fetch)) });
const anonymous = createClient<paths>({ baseUrl, fetch: retrying(fetch) });
/** Makes each run's people others. */
const run = randomUUID().slice(0, 8);
const PASSWORD = `${randomUUID()} is long`;

/** The answer, which must have this status. */
function done<T>(result: { data?: T; error?: unknown; response: Response }, status: number): T {
  assert.equal(result.response.status, status, JSON.stringify(result.error));
  return result.data as T;
}

const key = () => ({ "Idempotency-Key": randomUUID() });
const json = (invitation: Schemas["Invitation"]) => new URL(invitation.activation_link!).searchParams.get("token")!;

const me = done(await api.GET("/v1/me"), 200);
assert.ok(me.permissions.includes("system_users:invite"));

// A colleague. The first answer is lost, and the retry gets it.
const body: Schemas["InviteSystemUser"] = {
  email: `ada-${run}@example.com`, roles: ["viewer", "finance"], delivery: "link",
};
const invited = await api.POST("/v1/system-users/invitations", { body, params: { header: key() } });
const ada = done(invited, 201);
assert.equal(invited.response.headers.get("idempotency-replayed"), "true");
assert.equal(ada.status, "pending");

// Once more, with a key of its own: the error is typed by its code.
const again = await api.POST("/v1/system-users/invitations", { body, params: { header: key() } });
switch (again.error?.code) {
  case "invitation_pending":
    assert.equal(again.error.invitation_id, ada.id);
    break;
  case "already_system_user":
  case "forbidden":
  default:
    assert.fail(JSON.stringify(again.error));
}
const faulty = await api.POST("/v1/system-users/invitations", {
  body: { ...body, email: "ada.example.com" }, params: { header: key() },
});
if (faulty.error?.code !== "validation_failed") assert.fail(JSON.stringify(faulty.error));
assert.deepEqual(faulty.error.errors?.map((one) => [one.pointer, one.code]), [["/email", "invalid_email"]]);

// Changed, with the tag of what was seen.
const path = { id: ada.id };
const seen = await api.GET("/v1/invitations/{id}", { params: { path } });
const tag = { "If-Match": seen.response.headers.get("etag")! };
const changed = await api.PATCH("/v1/invitations/{id}", { params: { path, header: tag }, body: { locale: "nl" } });
assert.equal(done(changed, 200).locale, "nl");
const stale = await api.PATCH("/v1/invitations/{id}", { params: { path, header: tag }, body: { locale: "en" } });
assert.equal(stale.error?.code, "precondition_failed");

// The link is opened and used, without a token.
const token = json(ada);
const preview = done(await anonymous.POST("/v1/activations/preview", { body: { token } }), 200);
assert.equal(preview.requires.password, true);
const activation = { token, password: PASSWORD, first_name: "Ada", last_name: "Lovelace" };
assert.equal(done(await anonymous.POST("/v1/activations", { body: activation }), 201).user.status, "active");
const used = await anonymous.POST("/v1/activations", { body: activation });
assert.equal(used.error?.code, "activation_link_used");
const tokens = done(await anonymous.POST("/v1/auth/token", { body: { email: body.email, password: PASSWORD } }), 200);
assert.equal(tokens.token_type, "Bearer");

// A customer, and a driver of theirs.
const olivia = done(await api.POST("/v1/account-owners/invitations", {
  body: { email: `olivia-${run}@acme.example`, account_name: `Acme ${run}`, account_type: "consumer", delivery: "link" },
  params: { header: key() },
}), 201);
assert.equal(olivia.account?.type, "consumer");
const early = await api.POST("/v1/sub-accounts/invitations", {
  body: { email: `dirk-${run}@acme.example`, role: "driver", account_id: olivia.account!.id },
  params: { header: key() },
});
assert.ok(early.error?.code === "parent_not_active" || early.error?.code === "parent_not_business");

// Resent with and without a body; revoked.
const resent = await api.POST("/v1/invitations/{id}/resend", { params: { path: { id: olivia.id }, header: key() } });
assert.equal(done(resent, 200).send_count, 2);
const batch = done(await api.POST("/v1/invitations/batch", {
  body: { invitations: [{ kind: "system_user", email: `bob-${run}@example.com`, roles: ["viewer"] }, { kind: "account_owner", email: body.email }], validate_only: true },
  params: { header: key() },
}), 200);
assert.equal(batch.results[0]?.status, "valid");
const revoked = await api.POST("/v1/invitations/{id}/revoke", { params: { path: { id: olivia.id }, header: key() } });
assert.equal(done(revoked, 200).status, "revoked");

// Lists: filters with several values, and all pages.
const found: string[] = [];
for (let cursor: string | undefined; ; ) {
  const query = { search: run, kind: ["system_user" as const], role: ["viewer" as const], limit: 1, ...(cursor && { cursor }) };
  const page = done(await api.GET("/v1/users", { params: { query } }), 200);
  found.push(...page.data.map((user) => user.email));
  if (page.next_cursor === null) break;
  cursor = page.next_cursor;
}
assert.deepEqual(found, [body.email]);
const csv = done(await api.GET("/v1/users.csv", { params: { query: { search: run } }, parseAs: "text" }), 200);
assert.ok(csv.startsWith("id,email,") && csv.includes(body.email));
const missing = await api.GET("/v1/users/{id}", { params: { path: { id: "usr_01m86xvxh0es8r65rzyjka792g" } } });
assert.equal(missing.error?.code, "not_found");
console.log("openapi-fetch: the tour is done");
