/** Sends many invitations again: those that are ticked, or all that have expired or whose letter was not received. */

import { ChangeKey, api } from "./api";
import { h, type Child } from "./dom";
import { say } from "./page";
import { answer, explain, type Schemas } from "./problem";

type Request = Schemas["ResendBatchRequest"];
type Result = Schemas["ResendResult"];

const FILTERS: [string, Request][] = [
  ["Resend all that have expired", { filter: { status: "expired" } }],
  ["Resend all whose letter was given up", { filter: { delivery: "failed" } }],
];

export function bulkResend(reload: () => Promise<void>) {
  const ticked = new Set<string>();
  const faults = h("ul", { class: "error" });
  const own = h("button", { type: "button", class: "secondary" }, "Resend the ticked ones");
  const start = (request: Request) => {
    if (own.getAttribute("aria-disabled")) return;
    own.setAttribute("aria-disabled", "true");
    run(request)
      .then(async (results) => {
        await reload();
        faults.replaceChildren(...(await failures(results)));
        const resent = results.filter(({ status }) => status === "resent").length;
        say(`${resent} sent again, ${results.length - resent} not.`);
      })
      .catch((error: unknown) => say(explain(error)))
      .finally(() => own.removeAttribute("aria-disabled"));
  };
  own.addEventListener("click", () => {
    if (ticked.size === 0) say("Tick the invitations to send again first.");
    else start({ ids: [...ticked] });
  });
  const all = FILTERS.map(([text, request]) =>
    h("button", { type: "button", class: "secondary", onclick: () => start(request) }, text));
  const root = h("div", {}, h("div", { class: "actions" }, own, all), faults);

  const checkbox = ({ id, email, status }: Schemas["Invitation"]): Child => {
    if (status !== "pending" && status !== "expired") return null;
    const onchange = (event: Event) => {
      if ((event.target as HTMLInputElement).checked) ticked.add(id);
      else ticked.delete(id);
    };
    return h("input", { type: "checkbox", "aria-label": `Resend to ${email}`, onchange });
  };
  return { root, checkbox, clear: () => ticked.clear() };
}

/** A filter takes a thousand at a time: the request is repeated while there are more that could be resent. */
async function run(body: Request): Promise<Result[]> {
  const results: Result[] = [];
  for (;;) {
    const page = await new ChangeKey().send(body, (header, body) =>
      api.POST("/v1/invitations/batch/resend", { body, params: { header } }));
    results.push(...page.results);
    const progress = page.results.some(({ status }) => status === "resent");
    if (!page.more || !progress) return results;
  }
}

/** Why some were not sent, with the address of each. */
function failures(results: Result[]): Promise<HTMLElement[]> {
  const failed = results.filter(({ error }) => error !== undefined).slice(0, 20);
  return Promise.all(failed.map(async ({ id, error }) => {
    const path = { id };
    const invitation = await answer(api.GET("/v1/invitations/{id}", { params: { path } })).catch(() => null);
    return h("li", {}, `${invitation?.email ?? id}: ${error?.detail ?? ""}`);
  }));
}
