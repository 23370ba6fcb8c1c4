// The tour with the client that openapi-generator makes for axios.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import axios, { AxiosError, type AxiosInstance } from "axios";
import {
  ActivationApi, Configuration, InvitationsApi, SystemUsersApi, UsersApi,
  type InviteSystemUser, type InviteSystemUser409Problem,
} from "./axios/index.js";

const basePath = process.env["SERVICE_URL"]!;
const run = randomUUID().slice(0, 8);
const key = () => randomUUID();

/** Repeats a request once when its answer was lost, as `./retry.ts` does for `fetch`. */
function retrying(instance: AxiosInstance): AxiosInstance {
  instance.interceptors.response.use(undefined, async (error: AxiosError) => {
    const { config, response } = error;
    const hasKey = config?.headers.has("Idempotency-Key");
    if (response !== undefined || config === undefined || !hasKey || config.headers.has("X-Retried")) throw error;
    config.headers.set("X-Retried", "1");
    return instance.request(config);
  });
  return instance;
}

/** A network that loses the first answer to each key. */
const lost = new Set<string>();
const network = retrying(axios.create());
const adapter = axios.getAdapter(["http"]);
network.defaults.adapter = async (config) => {
  const answer = await adapter(config);
  const sent = String(config.headers.get("Idempotency-Key") ?? "");
  if (sent === "" || lost.has(sent)) return answer;
  lost.add(sent);
  throw new AxiosError("the connection was closed before the answer arrived", "ECONNRESET", config);
};

const configuration = new Configuration({ basePath, accessToken: process.env["TOKEN"]! });
const staff = new SystemUsersApi(configuration, undefined, network);
const invitations = new InvitationsApi(configuration, undefined, network);
const users = new UsersApi(configuration, undefined, network);
const anonymous = new ActivationApi(new Configuration({ basePath }));

const body: InviteSystemUser = { email: `ada-${run}@example.com`, roles: ["viewer"], delivery: "link" };
// The first answer is lost, and the retry gets it.
const invited = await staff.inviteSystemUser({ idempotencyKey: key(), inviteSystemUser: body });
assert.equal(invited.headers["idempotency-replayed"], "true");
const again = await staff.inviteSystemUser({ idempotencyKey: key(), inviteSystemUser: body }).catch((error: unknown) => error);
assert.ok(again instanceof AxiosError && again.response?.status === 409, String(again));
const problem = again.response.data as InviteSystemUser409Problem;
switch (problem.code) {
  case "invitation_pending":
    assert.equal(problem.invitation_id, invited.data.id);
    break;
  default:
    assert.fail(JSON.stringify(problem));
}
const seen = await invitations.getInvitation({ id: invited.data.id });
const ifMatch = String(seen.headers["etag"]);
const change = { id: invited.data.id, ifMatch, amendInvitationRequest: { locale: "nl" } };
assert.equal((await invitations.amendInvitation(change)).data.locale, "nl");
const token = new URL(invited.data.activation_link!).searchParams.get("token")!;
const preview = await anonymous.previewActivation({ previewRequest: { token } });
assert.equal(preview.data.requires.password, true);
const activateRequest = { token, password: `${randomUUID()} is long`, first_name: "Ada", last_name: "Lovelace" };
assert.equal((await anonymous.activate({ activateRequest })).data.user.status, "active");
const found = await users.listUsers({ search: run, kind: ["system_user"], status: ["active", "invited"] });
assert.deepEqual(found.data.data.map((user) => user.email), [body.email]);
assert.ok((await users.downloadUsers({ search: run })).data.startsWith("id,email,"));
console.log("typescript-axios: the tour is done");
