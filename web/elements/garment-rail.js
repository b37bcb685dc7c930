import { h, iconButton, prefersStillness } from '../dom.js';
import { fitToGround } from '../picture.js';

const STEPS = Object.freeze({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 });

/**
 * `<wc-garment-rail>`: the garments as one radio group, scrolled sideways or shown as a grid (the
 * style sheet decides). Set `catalog`; with `editable` it dispatches `edit` (detail: Garment) from a
 * button on each of one's own.
 */
export class GarmentRail extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  #catalog = null;
  #listeners = new AbortController();
  #group = h('div', { class: 'rail', role: 'radiogroup', 'aria-label': 'Garments' });
  #note = h('p', { class: 'rail-note', role: 'status' });

  connectedCallback() {
    this.replaceChildren(this.#group, this.#note);
    this.#group.onkeydown = (event) => this.#key(event);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#listeners.abort();
  }

  /** @param {import('../catalog.js').Catalog} catalog */
  set catalog(catalog) {
    const { signal } = this.#listeners;
    this.#catalog = catalog;
    catalog.addEventListener('change', () => this.#render(), { signal });
    catalog.addEventListener('select', () => this.#mark(), { signal });
    this.#render();
  }

  /** @param {string} text shown under the garments, for instance when the list did not load */
  set note(text) {
    this.#note.textContent = text;
  }

  /**
   * Go on from a garment, or from the picked one when that has gone.
   * @param {string} id
   */
  focusOn(id) {
    const tile = this.#tileOf(id);
    const place = tile?.querySelector('.tile-edit') ?? this.#pick(tile)
      ?? this.#pick(this.#tileOf(this.#catalog?.selected?.id));
    /** @type {HTMLElement | null} */ (place)?.focus();
  }

  #render() {
    if (!this.#catalog) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest('.tile'));
    const focusedId = this.contains(focused) ? focused?.dataset.id : undefined;
    this.#group.replaceChildren(...this.#catalog.garments.map((garment) => this.#tile(garment)));
    this.#mark();
    if (focusedId) this.#pick(this.#tileOf(focusedId))?.focus();
  }

  /** @param {import('../catalog.js').Garment} garment */
  #tile(garment) {
    const picture = /** @type {HTMLImageElement} */ (h('img', {
      alt: '', loading: 'lazy', decoding: 'async', draggable: 'false',
    }));
    fitToGround(picture);
    picture.src = garment.thumbnail;
    const pick = h('button', {
      type: 'button', class: 'tile-pick', role: 'radio', tabindex: '-1', 'aria-checked': 'false',
    },
    h('span', { class: 'tile-picture' }, picture,
      h('wc-icon', { name: 'check', class: 'tile-check' })),
    h('span', { class: 'tile-name' }, garment.name));
    pick.onclick = () => this.#catalog?.select(garment.id);
    const tile = h('div', { class: 'tile', 'data-id': garment.id, role: 'presentation' }, pick);
    if (this.hasAttribute('editable') && this.#catalog?.owns(garment)) {
      const edit = iconButton('pencil', `Rename or remove ${garment.name}`, {
        iconOnly: true, class: 'tile-edit',
      });
      edit.onclick = () => this.dispatchEvent(new CustomEvent('edit', { detail: garment }));
      tile.append(edit);
    }
    return tile;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(/** @type {Element} */ (event.target).matches('.tile-pick'))) return;
    const step = STEPS[event.key];
    const garments = this.#catalog?.garments ?? [];
    if (step) this.#catalog?.step(step);
    else if (event.key === 'Home') this.#catalog?.select(garments[0]?.id);
    else if (event.key === 'End') this.#catalog?.select(garments[garments.length - 1]?.id);
    else return;
    event.preventDefault();
    event.stopPropagation(); // the page listens to the same keys
    this.#pick(this.#tileOf(this.#catalog?.selected?.id))?.focus({ preventScroll: true });
  }

  #mark() {
    const id = this.#catalog?.selected?.id;
    for (const tile of this.#group.querySelectorAll('.tile')) {
      const selected = /** @type {HTMLElement} */ (tile).dataset.id === id;
      tile.toggleAttribute('data-selected', selected);
      this.#pick(tile)?.setAttribute('aria-checked', String(selected));
      this.#pick(tile)?.setAttribute('tabindex', selected ? '0' : '-1');
    }
    const selected = this.#tileOf(id);
    if (!selected) this.#pick(this.#group.querySelector('.tile'))?.setAttribute('tabindex', '0');
    else this.#reveal(selected);
  }

  /**
   * Scroll the rail, and only the rail, until the tile is in its middle.
   * @param {HTMLElement} tile
   */
  #reveal(tile) {
    const left = tile.offsetLeft - (this.#group.clientWidth - tile.offsetWidth) / 2;
    const top = tile.offsetTop - (this.#group.clientHeight - tile.offsetHeight) / 2;
    this.#group.scrollTo({ left, top, behavior: prefersStillness() ? 'auto' : 'smooth' });
  }

  /**
   * @param {string | undefined} id
   * @returns {HTMLElement | null}
   */
  #tileOf(id) {
    if (id === undefined) return null;
    return this.#group.querySelector(`.tile[data-id="${CSS.escape(id)}"]`);
  }

  /**
   * @param {Element | null} tile
   * @returns {HTMLElement | null}
   */
  #pick(tile) {
    return tile?.querySelector('.tile-pick') ?? null;
  }
}

customElements.define('wc-garment-rail', GarmentRail);
