import { h, prefersStillness } from '../dom.js';
import { fitToGround } from '../picture.js';

const CHANGE_MS = 3600;
const SHOWN_AT_MOST = 8;

/**
 * `<wc-garment-show>`: a mirror on the wall with the picked garment in it, or with the attribute
 * `rotate` one garment after the other. Purely decorative. Set `catalog`; it stands still for those
 * who asked for less movement.
 */
export class GarmentShow extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  #catalog = null;
  #listeners = new AbortController();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #glass = h('div', { class: 'glass' });

  connectedCallback() {
    this.setAttribute('aria-hidden', 'true');
    this.replaceChildren(this.#glass, h('div', { class: 'glass-floor' }));
    const rotates = this.hasAttribute('rotate') && !prefersStillness();
    if (rotates) this.#timer = setInterval(() => this.#advance(), CHANGE_MS);
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
    return /** @type {HTMLImageElement[]} */ ([...this.#glass.children]);
  }

  #render() {
    if (this.hasAttribute('rotate')) {
      const garments = this.#catalog?.garments.slice(0, SHOWN_AT_MOST) ?? [];
      this.#glass.replaceChildren(...garments.map((garment) => this.#picture(garment)));
      this.#show(this.#pictures[0]);
    }
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

  /** The picture before it stays until this one has come. */
  #showSelected() {
    const garment = this.#catalog?.selected;
    if (!garment) return;
    const here = this.#pictures.find((picture) => picture.dataset.id === garment.id);
    const picture = here ?? this.#picture(garment);
    if (!here) this.#glass.append(picture);
    const show = () => {
      if (this.#catalog?.selected?.id === garment.id) this.#show(picture);
    };
    if (picture.complete) show();
    else picture.onload = show;
  }

  #advance() {
    const visible = this.offsetParent !== null && !document.hidden;
    if (!visible) return;
    const at = this.#pictures.findIndex((picture) => picture.hasAttribute('data-shown'));
    this.#show(this.#pictures[(at + 1) % this.#pictures.length]);
  }

  /** @param {HTMLImageElement | undefined} shown */
  #show(shown) {
    this.#pictures.forEach((picture) => {
      picture.toggleAttribute('data-shown', picture === shown);
    });
  }
}

customElements.define('wc-garment-show', GarmentShow);
