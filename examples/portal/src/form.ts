/** Forms: sending, and the errors of the API at the fields that they name. */

import { focusOn, h, uniqueId, type Child } from "./dom";
import type { Field } from "./fields";
import { Missing, Refused, explain, type Problem } from "./problem";

interface FormOptions {
  /** The fields, in the order of the page. They may change between two attempts. */
  fields: () => Field[];
  /** What is shown: usually the roots of the fields. */
  body: Child;
  submit: string;
  /** Sends the members. An exception is shown in the summary. */
  send: (members: Record<string, unknown>) => Promise<void>;
  /** What the person can do about a problem, shown with it. */
  help?: (problem: Problem) => Child;
}

export function form(options: FormOptions): HTMLFormElement {
  const summary = h("div", { class: "summary", role: "alert", tabindex: -1, hidden: true });
  const button = h("button", { type: "submit" }, options.submit);
  const onsubmit = async (event: Event) => {
    event.preventDefault();
    // Not `disabled`, which would lose the focus; a second press is ignored.
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    clear(options.fields(), summary);
    try {
      await options.send(members(options.fields()));
    } catch (error) {
      show(error, options, summary);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  };
  // The service checks the members, and reports all faults at once; the browser's own checks would show one.
  return h("form", { novalidate: true, onsubmit: (event) => void onsubmit(event) }, summary, options.body, button);
}

function members(fields: Field[]): Record<string, unknown> {
  const values = fields.map((field) => [field.member, field.read()] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function clear(fields: Field[], summary: HTMLElement): void {
  summary.hidden = true;
  summary.replaceChildren();
  for (const field of fields) field.showErrors([]);
}

/** Fills the summary, marks the fields, and moves the focus to the summary. */
function show(error: unknown, options: FormOptions, summary: HTMLElement): void {
  const problem = error instanceof Refused ? error.problem : null;
  const faults = faultsOf(error);
  const fields = options.fields();
  const of = (field: Field | undefined) => faults.filter((fault) => fieldOf(fields, fault.pointer) === field);
  for (const field of fields) field.showErrors(of(field).map(({ detail }) => detail));
  const items = [
    ...fields.flatMap((field) => of(field).map(({ detail }) => h("li", {}, link(field, detail)))),
    ...of(undefined).map(({ pointer, detail }) => h("li", {}, `${pointer ?? ""} ${detail}`)),
  ];
  const title = h("h2", { id: uniqueId("summary") }, "There is a problem");
  summary.setAttribute("aria-labelledby", title.id);
  const text = items.length > 0 ? h("ul", {}, items) : h("p", {}, explain(error));
  summary.replaceChildren(title, text);
  const help = problem && options.help?.(problem);
  if (help) summary.append(h("div", { class: "help" }, help));
  summary.hidden = false;
  focusOn(summary);
}

/** The faulty members that an exception names. */
function faultsOf(error: unknown): { pointer?: string; detail: string }[] {
  if (error instanceof Missing) return [{ pointer: `/${error.member}`, detail: error.message }];
  return error instanceof Refused ? (error.problem.errors ?? []) : [];
}

/** The field of a JSON Pointer into the body: `/roles/0` is about the field of `roles`. */
function fieldOf(fields: Field[], pointer: string | undefined): Field | undefined {
  return fields.find(({ member }) => pointer === `/${member}` || pointer?.startsWith(`/${member}/`));
}

function link(field: Field, detail: string): HTMLElement {
  const onclick = (event: Event) => {
    // The address' fragment belongs to the pages.
    event.preventDefault();
    field.control.focus();
  };
  return h("a", { href: `#${field.control.id}`, onclick }, `${field.label}: ${detail}`);
}
