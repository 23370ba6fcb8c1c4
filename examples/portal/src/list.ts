/** Lists in pages, as the API has them: filters, rows, and "Show more" while there is a `next_cursor`. */

import { h, type Child } from "./dom";
import type { Field } from "./fields";
import { say } from "./page";
import { explain } from "./problem";

interface ListPage<Row> {
  data: Row[];
  next_cursor: string | null;
}

interface ListOptions<Row> {
  /** What the rows are, as in "No users." */
  what: string;
  fetch: (cursor: string | undefined) => Promise<ListPage<Row>>;
  row: (row: Row) => Child;
}

/** A list that shows its first page, and further ones on demand. `reload` begins anew. */
export function list<Row>(options: ListOptions<Row>) {
  const rows = h("ul", { class: "rows" });
  const empty = h("p", { class: "hint", hidden: true }, `No ${options.what}.`);
  const more = h("button", { type: "button", class: "secondary", hidden: true }, "Show more");
  const failed = h("p", { class: "error", role: "alert", hidden: true });
  let cursor: string | undefined;
  let turn = 0;

  const load = async (): Promise<HTMLElement | null> => {
    const mine = ++turn;
    failed.hidden = true;
    try {
      const page = await options.fetch(cursor);
      // The filters were changed meanwhile.
      if (mine !== turn) return null;
      const items = page.data.map((row) => h("li", {}, options.row(row)));
      if (cursor === undefined) rows.replaceChildren(...items);
      else rows.append(...items);
      cursor = page.next_cursor ?? undefined;
      more.hidden = cursor === undefined;
      empty.hidden = rows.childElementCount > 0;
      return items[0] ?? null;
    } catch (error) {
      failed.textContent = explain(error);
      failed.hidden = false;
      return null;
    }
  };
  more.addEventListener("click", () => void load().then((first) => first?.querySelector("a")?.focus()));
  const reload = async () => {
    cursor = undefined;
    await load();
  };
  return { root: h("div", {}, failed, rows, empty, more), reload, count: () => rows.childElementCount };
}

/** Fields that choose what a list shows. Choosing says how many rows there are. */
export function filters(fields: Field[], reload: () => Promise<void>, count: () => number): HTMLElement {
  const onsubmit = async (event: Event) => {
    event.preventDefault();
    await reload();
    say(`${count()} shown.`);
  };
  const button = h("button", { type: "submit", class: "secondary" }, "Search");
  const attributes = { role: "search", class: "filters", onsubmit: (event: Event) => void onsubmit(event) };
  return h("form", attributes, fields.map(({ root }) => root), button);
}
