// Reads the letters that the service writes into a folder (MAIL_URL=directory:PATH).

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";

/**
 * @typedef {object} Letter
 * @property {string} file
 * @property {string} id its Message-ID
 * @property {string} to
 * @property {string} from
 * @property {string} subject
 * @property {string} date RFC 3339
 * @property {string} text
 * @property {string} html
 */

/** @type {Map<string, Letter>} letters never change */
const known = new Map();

/**
 * All letters, newest first.
 * @param {string} folder
 * @returns {Promise<Letter[]>}
 */
export async function letters(folder) {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".eml"));
  const all = await Promise.all(files.map((file) => letter(folder, file)));
  return all.sort((one, other) => other.date.localeCompare(one.date) || other.file.localeCompare(one.file));
}

/**
 * @param {string} folder
 * @param {string} file
 */
async function letter(folder, file) {
  const path = join(folder, file);
  const found = known.get(path) ?? read(file, await PostalMime.parse(await readFile(path)));
  known.set(path, found);
  return found;
}

/**
 * @param {string} file
 * @param {import("postal-mime").Email} mail
 * @returns {Letter}
 */
function read(file, mail) {
  const address = (/** @type {import("postal-mime").Address | undefined} */ person) => person?.address ?? "";
  return {
    file,
    id: mail.messageId ?? "",
    to: address(mail.to?.[0]),
    from: mail.from?.name || address(mail.from),
    subject: mail.subject ?? "",
    date: mail.date ?? "",
    text: mail.text ?? "",
    html: mail.html ?? "",
  };
}

/**
 * The token in the newest letter to this address, once there is one.
 * @param {string} folder
 * @param {string} to
 * @param {number} [count] how many letters there must be
 */
export async function newestToken(folder, to, count = 1) {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    const found = (await letters(folder)).filter((letter) => letter.to === to);
    const token = /token=([\w-]+)/.exec(found[0]?.text ?? "")?.[1];
    if (found.length >= count && token) return token;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no letter to ${to}`);
}
