import { h } from '../dom.js';

const SHOW_AFTER_MS = 700; // a hint that goes away by itself was never worth reading
const HIDE_AFTER_MS = 250;

/** @typedef {import('../words.js').Hint} PillHint */

/**
 * `<wc-status-pill>`: one short hint over the mirror, read out politely. What happens by itself
 * goes through `follow` and shows only after it has stood for a moment, so that neither eye nor ear
 * is pestered; what answers the shopper goes through `say` and shows at once.
 */
export class StatusPill extends HTMLElement {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {PillHint | null} */
  #shown = null;
  /** @type {PillHint | null} */
  #next = null;
  #heldUntil = 0;
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
   * Show at once.
   * @param {PillHint | null} hint null hides the pill
   * @param {number} [holdMs] for how long no other hint may take its place
   */
  say(hint, holdMs = 0) {
    clearTimeout(this.#timer);
    this.#next = hint;
    this.#heldUntil = performance.now() + holdMs;
    this.#apply(hint);
  }

  /**
   * Show when it lasts.
   * @param {PillHint | null} hint null hides the pill
   */
  follow(hint) {
    if (hint?.text === this.#next?.text) return;
    this.#next = hint;
    clearTimeout(this.#timer);
    if (hint?.text === this.#shown?.text) return;
    const held = this.#heldUntil - performance.now();
    const wait = Math.max(held, hint ? SHOW_AFTER_MS : HIDE_AFTER_MS);
    this.#timer = setTimeout(() => this.#apply(hint), wait);
  }

  /** @param {PillHint | null} hint */
  #apply(hint) {
    this.#shown = hint;
    this.toggleAttribute('data-shown', hint !== null);
    this.toggleAttribute('data-busy', Boolean(hint?.busy));
    if (hint) this.#icon.setAttribute('name', hint.icon); // a pill that fades out keeps its face
    this.#text.textContent = hint?.text ?? '';
  }
}

customElements.define('wc-status-pill', StatusPill);
