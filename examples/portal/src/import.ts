/** Sends the rows of a file as batches: to be checked, or to be invited. */

import { ChangeKey, api } from "./api";
import type { Fault, Row } from "./csv";
import { h } from "./dom";
import type { Problem, Schemas } from "./problem";

/** The most items that a batch takes. */
const BATCH = 1000;

/** Conflicts that say that the person is invited, or belongs there, already. */
const THERE: readonly Problem["code"][] = [
  "invitation_pending", "already_system_user", "already_account_owner", "already_member",
];

export interface Outcome {
  /** Rows that passed: those that can be sent, or that were. */
  passed: Row[];
  /** Rows of people who are there already, and about whom nothing was changed. */
  there: Fault[];
  faults: Fault[];
}

/** One import: with `send` as its `check`, a repeated `send` after a lost answer invites nobody twice. */
export class Import {
  #keys = new Map<string, ChangeKey>();

  check(rows: Row[]): Promise<Outcome> {
    return this.#run(rows, true);
  }

  send(rows: Row[]): Promise<Outcome> {
    return this.#run(rows, false);
  }

  async #run(rows: Row[], validateOnly: boolean): Promise<Outcome> {
    const outcome: Outcome = { passed: [], there: [], faults: [] };
    for (let start = 0; start < rows.length; start += BATCH) {
      const part = rows.slice(start, start + BATCH);
      const body = { invitations: part.map(({ item }) => item), ...(validateOnly && { validate_only: true }) };
      const key = this.#key(`${validateOnly} ${start}`);
      const { results } = await key.send(body, (header, body) =>
        api.POST("/v1/invitations/batch", { body, params: { header } }));
      for (const result of results) sort(result, part[result.index]!, outcome);
    }
    return outcome;
  }

  #key(part: string): ChangeKey {
    const key = this.#keys.get(part) ?? new ChangeKey();
    this.#keys.set(part, key);
    return key;
  }
}

function sort(result: Schemas["BatchResult"], row: Row, outcome: Outcome): void {
  const { error } = result;
  if (!error) outcome.passed.push(row);
  else if (THERE.includes(error.code)) outcome.there.push(fault(row, "email", error.detail));
  else if (!error.errors) outcome.faults.push(fault(row, columnOf(error), error.detail));
  else outcome.faults.push(...error.errors.map(({ pointer, detail }) => fault(row, memberOf(pointer), detail)));
}

const fault = ({ row }: Row, column: string, detail: string): Fault => ({ row, column, detail });

/** The column that a conflict is about. */
function columnOf({ code }: Problem): string {
  if (code === "forbidden") return "kind";
  if (code === "role_exceeds_yours") return "roles";
  return code.includes("account") || code.startsWith("parent_") ? "account_name" : "email";
}

/** `/roles/0` is in the column `roles`. */
const memberOf = (pointer = "") => pointer.split("/")[1] ?? "";

/** Faults as a table, in the order of the file. */
export function faultTable(caption: string, faults: Fault[]): HTMLElement | null {
  if (faults.length === 0) return null;
  const rows = [...faults].sort((one, other) => one.row - other.row).map(({ row, column, detail }) =>
    h("tr", {}, h("th", { scope: "row" }, row || "File"), h("td", {}, column), h("td", {}, detail)));
  const head = ["Row", "Column", "What is wrong"].map((name) => h("th", { scope: "col" }, name));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}
