/** Many invitations from a CSV file: all faults first, by row and column; then those that are valid are sent. */

import { api } from "../api";
import { readCsv, type Row } from "../csv";
import { focusOn, h, heading } from "../dom";
import { fileField } from "../fields";
import { form } from "../form";
import { Import, faultTable, type Outcome } from "../import";
import { say, type Page } from "../page";
import { Missing, answer } from "../problem";

export const importPage: Page = async () => {
  const title = "Import";
  const roles = (await answer(api.GET("/v1/roles"))).data.map(({ name }) => name);
  const file = fileField({
    member: "file", label: "File", accept: ".csv,text/csv", required: true,
    hint: "CSV UTF-8, one person a row. Columns: kind, email, roles, account_name, role, reimbursement_rate and more.",
  });
  const results = h("section", { "aria-label": "Result" });
  const check = form({
    fields: () => [file],
    body: file.root,
    submit: "Check the file",
    async send() {
      const chosen = file.control.files?.[0];
      if (!chosen) throw new Missing("file", "Choose a file.");
      await checked(readCsv(await chosen.arrayBuffer(), roles), results);
    },
  });
  return { title, content: [heading(title), check, results] };
};

/** Shows what the service says about the rows, and offers to send those that are valid. */
async function checked(read: ReturnType<typeof readCsv>, results: HTMLElement): Promise<void> {
  const run = new Import();
  const outcome: Outcome = read.faults.length > 0
    ? { passed: [], there: [], faults: read.faults }
    : await run.check(read.rows);
  const title = h("h2", { tabindex: -1 }, summary(outcome, "can be invited"));
  const send = outcome.passed.length > 0 && sendForm(run, outcome.passed, results);
  results.replaceChildren(title, ...tables(outcome), ...(send ? [send] : []));
  focusOn(title);
}

const summary = ({ passed, there, faults }: Outcome, verb: string) =>
  `${passed.length} ${verb}, ${there.length} already there, ${new Set(faults.map(({ row }) => row)).size} faulty`;

const tables = ({ there, faults }: Outcome) =>
  [faultTable("Faulty rows", faults), faultTable("Already there", there)].filter((table) => table !== null);

function sendForm(run: Import, rows: Row[], results: HTMLElement): HTMLElement {
  return form({
    fields: () => [],
    body: null,
    submit: `Send ${rows.length} ${rows.length === 1 ? "invitation" : "invitations"}`,
    async send() {
      const outcome = await run.send(rows);
      const title = h("h2", { tabindex: -1 }, summary(outcome, "invited"));
      results.replaceChildren(title, ...tables(outcome));
      focusOn(title);
      say("The file is imported.");
    },
  });
}
