/**
 * Invites from a CSV file, with the columns of the command `invitation-service import`. Only what is about the file is
 * judged here; the service judges the values (`validate_only`).
 */

import Papa from "papaparse";
import type { Schemas } from "./problem";

/** Every column: the kind, then the members of the bodies of the three invites. */
const COLUMNS = [
  "kind", "email", "roles", "account_id", "account_name", "account_type", "role", "reimbursement_rate", "used_by",
  "sub_account_name", "locale",
] as const;
type Column = (typeof COLUMNS)[number];

const ALIASES: Record<string, Column> = {
  e_mail: "email", mail: "email", email_address: "email", e_mail_address: "email", account: "account_name",
  language: "locale", rate: "reimbursement_rate",
};

export interface Row {
  /** As spreadsheets count: the header is row 1. */
  row: number;
  item: Schemas["InviteItem"];
}

/** What is wrong with the file. `row` is 0 for the file as a whole. */
export interface Fault {
  row: number;
  column: string;
  detail: string;
}

export interface CsvFile {
  rows: Row[];
  faults: Fault[];
}

/** Reads a file. `roles` are the names of the system roles, for cells that hold several. */
export function readCsv(bytes: ArrayBuffer, roles: string[]): CsvFile {
  const text = decode(bytes);
  if (text === null) return faulty("It is not UTF-8. Save it as “CSV UTF-8”.");
  const parsed = Papa.parse<string[]>(text, { delimitersToGuess: [",", ";", "\t"] });
  const [header = [], ...lines] = parsed.data;
  const columns = header.map((cell) => columnOf(cell));
  const faults: Fault[] = header.flatMap((cell, index) =>
    columns[index] || cell.trim() === "" ? [] : [{ row: 1, column: cell, detail: `There is no such column. Known are: ${COLUMNS.join(", ")}.` }],
  );
  for (const name of ["kind", "email"] as const) {
    if (!columns.includes(name)) faults.push({ row: 1, column: name, detail: "This column is missing." });
  }
  const decimalComma = parsed.meta.delimiter !== ",";
  const rows = lines.flatMap((cells, index) => {
    if (cells.every((cell) => cell.trim() === "")) return [];
    return [{ row: index + 2, item: itemOf(columns, cells, { decimalComma, roles }) }];
  });
  if (rows.length === 0 && faults.length === 0) return faulty("It has no rows below its header.");
  return { rows, faults };
}

const faulty = (detail: string): CsvFile => ({ rows: [], faults: [{ row: 0, column: "", detail }] });

function decode(bytes: ArrayBuffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** `Account name (parent)` and `account-name` are `account_name`. */
function columnOf(cell: string): Column | null {
  const name = slug(cell.replace(/[([].*$/, ""));
  return COLUMNS.find((column) => column === name) ?? ALIASES[name] ?? null;
}

const slug = (text: string) => text.trim().toLowerCase().replace(/[\s-]+/g, "_");

/** Values that the contract spells with underscores, and people with blanks and capitals. */
const WORDS: readonly Column[] = ["kind", "account_type", "role", "used_by"];

function itemOf(columns: (Column | null)[], cells: string[], options: { decimalComma: boolean; roles: string[] }) {
  const filled = columns.flatMap((column, index) => {
    const value = cells[index]?.trim() ?? "";
    return column && value !== "" ? [[column, valueOf(column, value, options)] as const] : [];
  });
  // Its members may be faulty, which the service reports.
  return Object.fromEntries(filled) as unknown as Schemas["InviteItem"];
}

function valueOf(column: Column, value: string, options: { decimalComma: boolean; roles: string[] }): unknown {
  if (column === "roles") return rolesIn(value, options.roles);
  if (column === "reimbursement_rate" && options.decimalComma) return value.replace(",", ".");
  return WORDS.includes(column) ? slug(value) : value;
}

/** Roles are separated by `,` `;` `|` or blanks; a role of two words may be spelled with a blank. */
function rolesIn(value: string, known: string[]): string[] {
  const parts = value.split(/[,;|]/).filter((part) => part.trim() !== "");
  return parts.flatMap((part) => (known.includes(slug(part)) ? [slug(part)] : part.trim().split(/\s+/).map(slug)));
}
