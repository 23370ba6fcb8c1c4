/** Elements without a framework: `h("p", { class: "hint" }, "text")`. Text is always text, never markup. */

export type Child = Node | string | number | null | undefined | false | Child[];
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/**
 * An element. `true` writes an attribute without a value; `false`, `null` and `undefined` leave it out; a function
 * is a listener: `{ onclick: () => … }`.
 */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...flat(children));
  return element;
}

function flat(children: Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (Array.isArray(child)) return flat(child);
    if (child === null || child === undefined || child === false) return [];
    return [typeof child === "number" ? String(child) : child];
  });
}

let ids = 0;
/** An id that no other element has. */
export const uniqueId = (name: string) => `${name}-${++ids}`;

/** Moves the focus there, for people who see no change of the page. */
export function focusOn(element: HTMLElement): void {
  if (element.tabIndex < 0) element.setAttribute("tabindex", "-1");
  element.focus();
}

/** A heading of the first level, to which the focus goes when a page opens. */
export const heading = (text: string) => h("h1", { tabindex: -1 }, text);

/** A link that looks like a button. */
export const buttonLink = (href: string, text: string) => h("a", { href, class: "button" }, text);

/** Names and values, as details of one thing. Rows without a value are left out. */
export function details(rows: [string, Child][]): HTMLElement {
  const filled = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", {}, filled.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
