/** Buttons that send an invitation again, or take it back. */

import { ChangeKey, api } from "./api";
import { h, type Child } from "./dom";
import { explain, Refused, type Schemas } from "./problem";

type Invitation = Schemas["Invitation"];

interface Action {
  text: string;
  class?: string;
  run: () => Promise<Invitation>;
  done: (invitation: Invitation) => void;
}

/** A button for a change, and its error beside it. A second press while it runs is ignored. */
function action({ text, class: style, run, done }: Action): Child {
  const failed = h("p", { class: "error", role: "alert" });
  const button = h("button", { type: "button", class: style ?? "secondary" }, text);
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    failed.replaceChildren();
    run()
      .then(done)
      .catch((error: unknown) => failed.replaceChildren(...refusal(error)))
      .finally(() => button.removeAttribute("aria-disabled"));
  });
  return h("div", {}, button, failed);
}

/** The reason; with `ambiguous_invitation` also the invitations among which to choose. */
function refusal(error: unknown): Node[] {
  const text = document.createTextNode(explain(error));
  if (!(error instanceof Refused) || error.problem.code !== "ambiguous_invitation") return [text];
  const links = error.problem.candidates?.flatMap((candidate) => [
    document.createTextNode(" "),
    h("a", { href: `#/invitations/${candidate.id}` }, "kind" in candidate ? (candidate.account?.name ?? candidate.kind) : candidate.id),
  ]);
  return [text, ...(links ?? [])];
}

/** Resends the one pending invitation of a person. */
export function resendToPerson(id: string, done: Action["done"]): Child {
  const key = new ChangeKey();
  const run = () =>
    key.send({}, (header, body) =>
      api.POST("/v1/users/{id}/resend-invitation", { body, params: { path: { id }, header } }));
  return action({ text: "Resend the invitation", class: "primary", run, done });
}

export function resend(id: string, done: Action["done"]): Child {
  const key = new ChangeKey();
  const run = () =>
    key.send({}, (header, body) => api.POST("/v1/invitations/{id}/resend", { body, params: { path: { id }, header } }));
  return action({ text: "Resend", run, done });
}

export function revoke(id: string, done: Action["done"]): Child {
  const key = new ChangeKey();
  const run = () =>
    key.send({}, (header, body) => api.POST("/v1/invitations/{id}/revoke", { body, params: { path: { id }, header } }));
  return action({ text: "Revoke", class: "danger", run, done });
}
