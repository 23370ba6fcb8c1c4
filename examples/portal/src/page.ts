/** What all pages share: the frame, the messages, and which page the address names. */

import { h, focusOn, type Child } from "./dom";
import { explain } from "./problem";

/** A page: its title, and what it shows. `parameters` are those of the address, in order. */
export type Page = (...parameters: string[]) => Promise<{ title: string; content: Child }>;

/** Addresses as patterns: `:id` stands for one part. */
export type Routes = [string, Page][];

const main = h("main", { id: "main", tabindex: -1 });
const status = h("p", { role: "status", class: "status" });
export const header = h("header", {});

export function frame(): HTMLElement[] {
  const skip = h("a", { href: "#main", class: "skip", onclick: (event) => skipTo(event) }, "Skip to the content");
  return [skip, header, h("div", { class: "messages" }, status), main];
}

function skipTo(event: Event): void {
  event.preventDefault();
  main.focus();
}

/** Says what has happened, to screen readers too. It stays until the next page or message. */
export function say(text: string): void {
  status.textContent = text;
}

/** Goes to a page, and says there what has happened. */
export function go(address: string, text = ""): void {
  pending = text;
  if (location.hash === address) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = address;
}

let pending = "";
let opened = 0;

/** Opens the page of the address, or `fallback`. */
export async function open(routes: Routes, fallback: string): Promise<void> {
  const found = match(routes, location.hash);
  if (!found) return go(fallback, pending);
  const turn = ++opened;
  const [page, parameters] = found;
  main.setAttribute("aria-busy", "true");
  const shown = await page(...parameters).catch((error: unknown) => failure(error));
  // Another page was opened meanwhile.
  if (turn !== opened) return;
  main.removeAttribute("aria-busy");
  document.title = `${shown.title} – Portal`;
  main.replaceChildren(h("div", {}, shown.content));
  say(pending);
  pending = "";
  const title = main.querySelector("h1");
  if (title) focusOn(title);
}

function match(routes: Routes, hash: string): [Page, string[]] | null {
  const parts = hash.split("?")[0]!.split("/");
  for (const [pattern, page] of routes) {
    const wanted = pattern.split("/");
    const fits = (part: string, index: number) => part.startsWith(":") || part === parts[index];
    if (wanted.length !== parts.length || !wanted.every(fits)) continue;
    return [page, parts.filter((_, index) => wanted[index]!.startsWith(":"))];
  }
  return null;
}

function failure(error: unknown) {
  const title = "This page cannot be shown";
  return { title, content: [h("h1", { tabindex: -1 }, title), h("p", {}, explain(error))] };
}
