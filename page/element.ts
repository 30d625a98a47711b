/** Elements, made without markup: a text stays a text. */

export type Child = Node | string | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An HTML element. An attribute that is `undefined` or false is left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of a drawing. */
export function drawn<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== undefined && child !== false));
  return made;
}

/** A button. `key` tells it from the others of its row, so that it keeps the focus when the row is drawn again. */
export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', press);
  return made;
}

/** A link to another site, which learns nothing of this page. */
export function outside(href: string, text: string): Child {
  if (!/^https?:\/\//i.test(href)) return text;
  return element(
    'a',
    { href, target: '_blank', rel: 'noopener noreferrer', 'data-key': 'outside' },
    text,
    element('span', { class: 'unseen' }, ' (opens in a new tab)'),
  );
}

/** The element with this ID. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/** Draws again, and gives the focus back to what takes the place of what had it. */
export function keepingFocus(within: Element, draw: () => void): void {
  const { activeElement } = document;
  const had = activeElement instanceof HTMLElement && within.contains(activeElement) ? activeElement : undefined;
  const row = had?.closest<HTMLElement>('[data-row]')?.dataset['row'];
  const key = had?.dataset['key'];
  draw();
  if (!had || document.activeElement === had || key === undefined) return;
  const rows = [...within.querySelectorAll<HTMLElement>('[data-row]')];
  const place = row === undefined ? within : rows.find((one) => one.dataset['row'] === row);
  place?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
