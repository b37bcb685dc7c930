import { h } from '../dom.js';

const KEY_STEP = 5; // percent
const KEY_STEPS = Object.freeze({
  ArrowLeft: -KEY_STEP, ArrowDown: -KEY_STEP, ArrowRight: KEY_STEP, ArrowUp: KEY_STEP,
  PageDown: -4 * KEY_STEP, PageUp: 4 * KEY_STEP, Home: -100, End: 100,
});

/** @typedef {'after' | 'before' | 'split'} CompareMode */

/**
 * `<wc-compare>`: two pictures of the same size on top of each other, one child with
 * `data-side="before"` and one with `data-side="after"`. Shows either of them, or both with a
 * divider that is moved by pointer or keyboard.
 */
export class Compare extends HTMLElement {
  #at = 50;
  /** @type {CompareMode} */
  #mode = 'after';
  /** @type {AbortController | null} */
  #listeners = null;
  #handle = h('div', {
    class: 'compare-handle', role: 'slider', tabindex: '0', 'aria-label': 'Before and after',
    'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-orientation': 'horizontal',
  }, h('span', { class: 'compare-grip' }, h('wc-icon', { name: 'compare' })));

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.append(
      h('span', { class: 'compare-label before', 'aria-hidden': 'true' }, 'Before'),
      h('span', { class: 'compare-label after', 'aria-hidden': 'true' }, 'After'),
      this.#handle,
    );
    this.addEventListener('pointerdown', (event) => this.#grab(event), { signal });
    this.addEventListener('pointermove', (event) => this.#drag(event), { signal });
    this.#handle.addEventListener('keydown', (event) => this.#key(event), { signal });
    this.mode = this.#mode;
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#listeners?.abort();
    this.querySelectorAll(':scope > .compare-label, :scope > .compare-handle')
      .forEach((node) => node.remove());
  }

  get mode() {
    return this.#mode;
  }

  /** @param {CompareMode} mode */
  set mode(mode) {
    this.#mode = mode;
    this.dataset.mode = mode;
    this.#place();
  }

  #place() {
    const shown = { after: 0, before: 100, split: this.#at }[this.#mode];
    this.style.setProperty('--at', `${shown}%`);
    this.#handle.setAttribute('aria-valuenow', String(Math.round(this.#at)));
    this.#handle.setAttribute('aria-valuetext', `${Math.round(this.#at)} percent before`);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (this.#mode !== 'split' || event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.#follow(event);
    this.#handle.focus({ preventScroll: true });
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#mode === 'split' && this.hasPointerCapture(event.pointerId)) this.#follow(event);
  }

  /** @param {PointerEvent} event */
  #follow(event) {
    const { left, width } = this.getBoundingClientRect();
    this.#moveTo((100 * (event.clientX - left)) / width);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = KEY_STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own arrow keys change the garment
    this.#moveTo(this.#at + step);
  }

  /** @param {number} percent */
  #moveTo(percent) {
    this.#at = Math.min(Math.max(percent, 0), 100);
    this.#place();
  }
}

customElements.define('wc-compare', Compare);
