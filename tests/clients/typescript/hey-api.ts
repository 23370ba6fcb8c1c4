// The tour with @hey-api/openapi-ts and its client on `fetch`.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createClient, createConfig } from "./hey-api/client/index.js";
import * as sdk from "./hey-api/sdk.gen.js";
import { losing, retrying } from "./retry.js";

const baseUrl = process.env["SERVICE_URL"]!;
const client = createClient(createConfig({
  baseUrl, auth: process.env["TOKEN"]!, fetch: retrying(losing(fetch)),
}));
const anonymous = createClient(createConfig({ baseUrl, fetch: retrying(fetch) }));
const run = randomUUID().slice(0, 8);
const PASSWORD = `${randomUUID()} is long`;
const key = () => ({ "Idempotency-Key": randomUUID() });

function done<T>(result: { data?: T; error?: unknown; response?: Response }, status: number): NonNullable<T> {
  assert.equal(result.response?.status, status, JSON.stringify(result.error));
  return result.data!;
}

const body: sdk.Options<import("./hey-api/types.gen.js").InviteSystemUserData>["body"] = {
  email: `ada-${run}@example.com`, roles: ["viewer"], delivery: "link",
};
// The first answer is lost, and the retry gets it.
const invited = await sdk.inviteSystemUser({ client, body, headers: key() });
const ada = done(invited, 201);
assert.equal(invited.response?.headers.get("idempotency-replayed"), "true");
const again = await sdk.inviteSystemUser({ client, body, headers: key() });
switch (again.error?.code) {
  case "invitation_pending":
    assert.equal(again.error.invitation_id, ada.id);
    break;
  default:
    assert.fail(JSON.stringify(again.error));
}
const seen = await sdk.getInvitation({ client, path: { id: ada.id } });
const changed = await sdk.amendInvitation({
  client, path: { id: ada.id }, headers: { "If-Match": seen.response!.headers.get("etag")! }, body: { locale: "nl" },
});
assert.equal(done(changed, 200).locale, "nl");
const token = new URL(ada.activation_link!).searchParams.get("token")!;
assert.equal(done(await sdk.previewActivation({ client: anonymous, body: { token } }), 200).requires.password, true);
const activation = { token, password: PASSWORD, first_name: "Ada", last_name: "Lovelace" };
assert.equal(done(await sdk.activate({ client: anonymous, body: activation }), 201).user.status, "active");
const signedIn = await sdk.signIn({ client: anonymous, body: { email: body.email, password: PASSWORD } });
assert.equal(done(signedIn, 200).token_type, "Bearer");
const query = { search: run, kind: ["system_user" as const], status: ["active" as const, "invited" as const] };
assert.deepEqual(done(await sdk.listUsers({ client, query }), 200).data.map((user) => user.email), [body.email]);
assert.ok(done(await sdk.downloadUsers({ client, query: { search: run } }), 200).includes(body.email));
const missing = await sdk.getUser({ client, path: { id: "usr_01m86xvxh0es8r65rzyjka792g" } });
assert.equal(missing.error?.code, "not_found");
console.log("hey-api: the tour is done");
