import { h } from '../dom.js';

const SHOW_AFTER_MS = 700; // a hint that goes away by itself was never worth reading
const HIDE_AFTER_MS = 250;

/** @typedef {import('../words.js').Hint & {busy?: boolean}} PillHint */

/**
 * `<wc-status-pill>`: one short hint over the mirror, read out politely. A hint shows only after
 * it has stood for a moment, so that neither eye nor ear is pestered.
 */
export class StatusPill extends HTMLElement {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {PillHint | null} */
  #shown = null;
  /** @type {PillHint | null} */
  #next = null;
  #icon = h('wc-icon', { name: 'info' });
  #text = h('span', {});

  connectedCallback() {
    this.setAttribute('role', 'status');
    this.setAttribute('aria-live', 'polite');
    this.replaceChildren(h('span', { class: 'pill' }, this.#icon, this.#text));
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  /**
   * @param {PillHint | null} hint null hides the pill
   * @param {{now?: boolean}} [options] `now` for what the shopper did, as opposed to what happens
   */
  show(hint, { now = false } = {}) {
    if (hint?.text === this.#next?.text && !now) return;
    this.#next = hint;
    clearTimeout(this.#timer);
    if (now) {
      this.#apply(hint);
      return;
    }
    if (hint?.text === this.#shown?.text) return;
    this.#timer = setTimeout(() => this.#apply(hint), hint ? SHOW_AFTER_MS : HIDE_AFTER_MS);
  }

  /** @param {PillHint | null} hint */
  #apply(hint) {
    this.#shown = hint;
    this.toggleAttribute('data-shown', hint !== null);
    this.toggleAttribute('data-busy', Boolean(hint?.busy));
    this.#icon.setAttribute('name', hint?.icon ?? '');
    this.#text.textContent = hint?.text ?? '';
  }
}

customElements.define('wc-status-pill', StatusPill);
