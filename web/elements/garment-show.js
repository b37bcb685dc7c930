import { h, prefersStillness } from '../dom.js';
import { fitToGround } from '../picture.js';

const CHANGE_MS = 3600;
const SHOWN_AT_MOST = 8;

/**
 * `<wc-garment-show>`: a mirror on the wall in which one garment after the other appears. Purely
 * decorative. Set `catalog`; stands still for those who asked for less movement.
 */
export class GarmentShow extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  #catalog = null;
  #listeners = new AbortController();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #at = 0;
  #glass = h('div', { class: 'glass' });

  connectedCallback() {
    this.setAttribute('aria-hidden', 'true');
    this.replaceChildren(this.#glass, h('div', { class: 'glass-floor' }));
    if (!prefersStillness()) this.#timer = setInterval(() => this.#advance(), CHANGE_MS);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    clearInterval(this.#timer);
    this.#listeners.abort();
  }

  /** @param {import('../catalog.js').Catalog} catalog */
  set catalog(catalog) {
    this.#catalog = catalog;
    const { signal } = this.#listeners;
    catalog.addEventListener('change', () => this.#render(), { signal });
    catalog.addEventListener('select', () => this.#showSelected(), { signal });
    this.#render();
  }

  get #pictures() {
    return [...this.#glass.children];
  }

  #render() {
    const garments = this.#catalog?.wearable.slice(0, SHOWN_AT_MOST) ?? [];
    this.#glass.replaceChildren(...garments.map((garment) => this.#picture(garment)));
    this.#show(0);
    this.#showSelected();
  }

  /** @param {import('../catalog.js').Garment} garment */
  #picture(garment) {
    const image = /** @type {HTMLImageElement} */ (h('img', {
      alt: '', decoding: 'async', 'data-id': garment.id,
    }));
    fitToGround(image);
    image.src = garment.image;
    return image;
  }

  #showSelected() {
    const id = this.#catalog?.selected?.id;
    const at = this.#pictures.findIndex((picture) => picture.getAttribute('data-id') === id);
    if (at >= 0) this.#show(at);
  }

  #advance() {
    const visible = this.offsetParent !== null && !document.hidden;
    if (visible && this.#pictures.length) this.#show((this.#at + 1) % this.#pictures.length);
  }

  /** @param {number} at */
  #show(at) {
    this.#at = at;
    this.#pictures.forEach((picture, i) => picture.toggleAttribute('data-shown', i === at));
  }
}

customElements.define('wc-garment-show', GarmentShow);
