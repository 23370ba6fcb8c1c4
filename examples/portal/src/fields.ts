/** The fields of forms: each has a label, a place for its errors, and the member of the body that it fills. */

import { h, uniqueId, type Child } from "./dom";

export interface Field {
  /** The member of the request's body. */
  member: string;
  label: string;
  root: HTMLElement;
  /** What gets the focus when its error is chosen in the summary. */
  control: HTMLElement;
  /** The value for the body; `undefined` leaves the member out. */
  read(): unknown;
  /** Shows these errors at the field; none removes them. */
  showErrors(messages: string[]): void;
}

interface Options {
  member: string;
  label: string;
  hint?: string;
  /** A required field is sent when it is empty, so that the service says what is missing. */
  required?: boolean;
}

interface TextOptions extends Options {
  type?: "text" | "email" | "password" | "search";
  value?: string;
  autocomplete?: AutoFill;
  inputmode?: "decimal" | "email";
  list?: string;
}

export function textField(options: TextOptions): Field & { control: HTMLInputElement } {
  const id = uniqueId(options.member);
  const control = h("input", {
    id,
    name: options.member,
    type: options.type ?? "text",
    value: options.value,
    autocomplete: options.autocomplete ?? "off",
    inputmode: options.inputmode,
    list: options.list,
    required: options.required,
    spellcheck: "false",
    autocapitalize: "off",
  });
  const parts = describedBy(control, options);
  return {
    ...named(options),
    control,
    root: h("div", { class: "field" }, label(id, options), parts.hint, parts.errors, control),
    read: () => (control.value.trim() === "" && !options.required ? undefined : control.value),
    showErrors: parts.showErrors,
  };
}

/** A file. It is read by the page, and no member of a body. */
export function fileField(options: Options & { accept: string }): Field & { control: HTMLInputElement } {
  const id = uniqueId(options.member);
  const control = h("input", { id, type: "file", accept: options.accept, required: options.required });
  const parts = describedBy(control, options);
  return {
    ...named(options),
    control,
    root: h("div", { class: "field" }, label(id, options), parts.hint, parts.errors, control),
    read: () => undefined,
    showErrors: parts.showErrors,
  };
}

/** One of several values, by name. The empty value leaves the member out. */
export function selectField(options: Options & { choices: [string, string][]; value?: string }) {
  const id = uniqueId(options.member);
  const choices = options.choices.map(([value, text]) =>
    h("option", { value, selected: value === options.value }, text),
  );
  const control = h("select", { id, name: options.member, required: options.required }, choices);
  const parts = describedBy(control, options);
  return {
    ...named(options),
    control,
    root: h("div", { class: "field" }, label(id, options), parts.hint, parts.errors, control),
    read: () => control.value || undefined,
    showErrors: parts.showErrors,
  };
}

interface Choice {
  value: string;
  label: string;
  hint?: string;
}

/** One of a few values, all visible. */
export const radioField = (options: Options & { choices: Choice[]; value?: string; onchange?: () => void }): Field =>
  choiceField("radio", options, ([first]) => first);

/** Any number of values. */
export const checkboxField = (options: Options & { choices: Choice[] }): Field =>
  choiceField("checkbox", options, (values) => values);

function choiceField(
  type: "radio" | "checkbox",
  options: Options & { choices: Choice[]; value?: string; onchange?: () => void },
  read: (values: string[]) => unknown,
): Field {
  const inputs = options.choices.map(({ value }) =>
    h("input", {
      type, value, id: uniqueId(value), name: options.member,
      checked: value === options.value, onchange: options.onchange,
    }),
  );
  const rows = options.choices.map((choice, index) => choiceRow(choice, inputs[index]!));
  const group = h("fieldset", { class: "field" }, h("legend", {}, options.label, mark(options)));
  const parts = describedBy(group, options);
  group.append(...[parts.hint, parts.errors].filter((part) => part !== null), ...rows);
  return {
    ...named(options),
    root: group,
    control: inputs[0] ?? group,
    read: () => read(inputs.filter((input) => input.checked).map((input) => input.value)),
    showErrors: parts.showErrors,
  };
}

function choiceRow(choice: Choice, input: HTMLInputElement): HTMLElement {
  const hint = choice.hint ? h("span", { class: "hint", id: `${input.id}-hint` }, choice.hint) : null;
  if (hint) input.setAttribute("aria-describedby", hint.id);
  return h("div", { class: "choice" }, input, h("label", { for: input.id }, choice.label), hint);
}

const named = ({ member, label }: Options) => ({ member, label });

const mark = ({ required }: Options): Child => !required && h("span", { class: "optional" }, " (optional)");

const label = (id: string, options: Options) => h("label", { for: id }, options.label, mark(options));

/** The hint and the errors of a control, which screen readers read with it. */
function describedBy(control: HTMLElement, { hint: text }: Options) {
  const hint = text ? h("p", { class: "hint", id: uniqueId("hint") }, text) : null;
  const errors = h("p", { class: "error", id: uniqueId("error"), hidden: true });
  const ids = [hint?.id, errors.id].filter((id) => id !== undefined);
  control.setAttribute("aria-describedby", ids.join(" "));
  const showErrors = (messages: string[]) => {
    errors.hidden = messages.length === 0;
    errors.textContent = messages.join(" ");
    if (messages.length > 0) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  return { hint, errors, showErrors };
}
