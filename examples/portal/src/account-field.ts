/** The account of a customer, typed by its name, with suggestions while typing. */

import { api } from "./api";
import { h, uniqueId } from "./dom";
import { selectField, textField, type Field } from "./fields";
import { answer, type Problem } from "./problem";

/** How long to wait for the next letter before asking for suggestions, in milliseconds. */
const PAUSE = 200;

export interface AccountField {
  /** The name, or after `choose` one of several accounts. */
  field: () => Field;
  root: HTMLElement;
  /** With `ambiguous_account`: offers the accounts of that name. True where it did. */
  choose(problem: Problem): boolean;
}

export function accountField(): AccountField {
  const suggestions = h("datalist", { id: uniqueId("accounts") });
  const name = textField({
    member: "account_name", label: "Account", hint: "The customer's account, by its exact name",
    list: suggestions.id, required: true,
  });
  let field: Field = name;
  const root = h("div", {}, name.root, suggestions);
  let timer = 0;
  name.control.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void suggest(name.control.value, suggestions), PAUSE);
    // Another name is another question.
    if (field !== name) root.replaceChildren(name.root, suggestions);
    field = name;
  });
  const choose = ({ code, candidates }: Problem) => {
    if (code !== "ambiguous_account" || !candidates) return false;
    const which = selectField({
      member: "account_id", label: "Which account of this name", required: true,
      choices: [["", "Choose one"], ...candidates.map(choice)],
    });
    field = which;
    root.replaceChildren(name.root, suggestions, which.root);
    return true;
  };
  return { field: () => field, root, choose };
}

function choice(candidate: NonNullable<Problem["candidates"]>[number]): [string, string] {
  const { id } = candidate;
  if (!("name" in candidate)) return [id, id];
  const where = candidate.parent_account_id ? `below ${candidate.parent_account_id}` : "of its own";
  return [id, `${candidate.name ?? "without a name"}, ${where} (${id})`];
}

async function suggest(search: string, into: HTMLElement): Promise<void> {
  if (search.trim().length < 2) return;
  const query = { search, type: ["business" as const], limit: 8 };
  // Only suggestions: without them, the name can be typed all the same.
  const found = await answer(api.GET("/v1/accounts", { params: { query } })).catch(() => null);
  const names = new Set(found?.data.flatMap(({ name }) => name ?? []));
  into.replaceChildren(...[...names].map((name) => h("option", { value: name })));
}
