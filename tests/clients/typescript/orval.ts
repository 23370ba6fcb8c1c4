// The tour with the functions that orval makes for `fetch`. They call the global one, which is where retries go.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  activate, amendInvitation, downloadUsers, getInvitation, getUser, inviteSystemUser, listUsers, previewActivation,
  type InviteSystemUser,
} from "./orval/api.js";
import { losing, retrying } from "./retry.js";

globalThis.fetch = retrying(losing(fetch));
const run = randomUUID().slice(0, 8);
const headers = { Authorization: `Bearer ${process.env["TOKEN"]!}` };
const keyed = () => ({ headers: { ...headers, "Idempotency-Key": randomUUID() } });

const body: InviteSystemUser = { email: `ada-${run}@example.com`, roles: ["viewer"], delivery: "link" };
// The first answer is lost, and the retry gets it.
const invited = await inviteSystemUser(body, keyed());
assert.ok(invited.status === 201, JSON.stringify(invited.data));
assert.equal(invited.headers.get("idempotency-replayed"), "true");
const again = await inviteSystemUser(body, keyed());
if (again.status !== 409) assert.fail(JSON.stringify(again.data));
switch (again.data.code) {
  case "invitation_pending":
    assert.equal(again.data.invitation_id, invited.data.id);
    break;
  default:
    assert.fail(JSON.stringify(again.data));
}
const seen = await getInvitation(invited.data.id, { headers });
const tag = { headers: { ...headers, "If-Match": seen.headers.get("etag")! } };
const changed = await amendInvitation(invited.data.id, { locale: "nl" }, tag);
assert.ok(changed.status === 200 && changed.data.locale === "nl", JSON.stringify(changed.data));
const token = new URL(invited.data.activation_link!).searchParams.get("token")!;
const preview = await previewActivation({ token });
assert.ok(preview.status === 200 && preview.data.requires.password, JSON.stringify(preview.data));
const activated = await activate({
  token, password: `${randomUUID()} is long`, first_name: "Ada", last_name: "Lovelace",
});
assert.ok(activated.status === 201 && activated.data.user.status === "active", JSON.stringify(activated.data));
const found = await listUsers({ search: run, kind: ["system_user"], status: ["active", "invited"] }, { headers });
assert.ok(found.status === 200, JSON.stringify(found.data));
assert.deepEqual(found.data.data.map((user) => user.email), [body.email]);
const csv = await downloadUsers({ search: run }, { headers });
assert.ok(csv.status === 200 && csv.data.startsWith("id,email,"), JSON.stringify(csv.data));
const missing = await getUser("usr_01m86xvxh0es8r65rzyjka792g", { headers });
assert.ok(missing.status === 404 && missing.data.code === "not_found");
console.log("orval: the tour is done");
