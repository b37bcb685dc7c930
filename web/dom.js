/**
 * Building DOM without markup strings: text stays text, whatever it contains.
 */

/**
 * Create an element.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `true` sets an empty attribute, `false`, `null` and
 *   `undefined` leave it out, `onname` adds a listener, everything else becomes a string.
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on') && typeof value === 'function') {
      node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * A button with an icon; its label is text on the button or, when `iconOnly`, its accessible name
 * and tooltip.
 * @param {string} icon name in `icons.js`
 * @param {string} label
 * @param {{iconOnly?: boolean, class?: string} & Record<string, unknown>} [options]
 * @returns {HTMLButtonElement}
 */
export function iconButton(icon, label, { iconOnly = false, ...attributes } = {}) {
  const button = h('button', { type: 'button', ...attributes }, h('wc-icon', { name: icon }));
  if (iconOnly) {
    button.setAttribute('aria-label', label);
    button.title = label;
  } else {
    button.append(h('span', {}, label));
  }
  return /** @type {HTMLButtonElement} */ (button);
}

/**
 * Give an icon button another icon and name.
 * @param {HTMLButtonElement} button made by {@link iconButton} with `iconOnly`
 * @param {string} icon
 * @param {string} label
 */
export function relabel(button, icon, label) {
  button.querySelector('wc-icon')?.setAttribute('name', icon);
  button.setAttribute('aria-label', label);
  button.title = label;
}

/**
 * The first element that matches; missing ones are a fault in the page, not a case to handle.
 * @template {Element} T
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function need(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return /** @type {T} */ (found);
}

/** True when the visitor asked the system for less movement. */
export function prefersStillness() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
