import { h, iconButton, prefersStillness } from '../dom.js';
import { isWearable } from '../catalog.js';
import { fitToGround } from '../picture.js';

const STEPS = Object.freeze({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 });

/**
 * `<wc-garment-rail>`: the garments as one radio group, scrolled sideways or shown as a grid (the
 * style sheet decides). Set `catalog`; with `editable` one's own garments can be removed.
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
    const wearable = isWearable(garment);
    const picture = /** @type {HTMLImageElement} */ (h('img', {
      alt: '', loading: 'lazy', decoding: 'async', draggable: 'false',
    }));
    fitToGround(picture);
    picture.src = garment.thumbnail;
    const pick = h('button', {
      type: 'button', class: 'tile-pick', role: 'radio', tabindex: '-1', 'aria-checked': 'false',
      'aria-disabled': wearable ? null : 'true',
    },
    h('span', { class: 'tile-picture' }, picture,
      h('wc-icon', { name: 'check', class: 'tile-check' })),
    h('span', { class: 'tile-name' }, garment.name),
    wearable ? null : h('span', { class: 'tile-note' }, 'Not supported yet'));
    pick.onclick = () => this.#choose(garment);
    const tile = h('div', { class: 'tile', 'data-id': garment.id, role: 'presentation' }, pick);
    const mayRemove = this.hasAttribute('editable') && this.#catalog?.owns(garment);
    if (mayRemove) tile.append(this.#removeButton(garment));
    return tile;
  }

  /** @param {import('../catalog.js').Garment} garment */
  #removeButton(garment) {
    const button = iconButton('trash', `Remove ${garment.name}`, {
      iconOnly: true, class: 'tile-remove',
    });
    const disarm = () => {
      if (!button.hasAttribute('data-armed')) return;
      button.removeAttribute('data-armed');
      button.setAttribute('aria-label', `Remove ${garment.name}`);
      this.note = '';
    };
    button.onblur = disarm;
    button.onclick = () => {
      if (button.hasAttribute('data-armed')) {
        this.#remove(garment);
        return;
      }
      button.focus(); // Safari leaves a pressed button without, and only its blur disarms it
      button.toggleAttribute('data-armed', true); // a second press removes it
      button.setAttribute('aria-label', `Really remove ${garment.name}?`);
      this.note = 'Press again to remove it for good.';
    };
    return button;
  }

  /** @param {import('../catalog.js').Garment} garment */
  async #remove(garment) {
    try {
      await this.#catalog?.remove(garment.id);
      this.note = `${garment.name} was removed.`;
    } catch (error) {
      this.note = error.message;
    }
  }

  /** @param {import('../catalog.js').Garment} garment */
  #choose(garment) {
    this.note = isWearable(garment) ? ''
      : 'Trousers, skirts and shorts cannot be tried on yet.';
    this.#catalog?.select(garment.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(/** @type {Element} */ (event.target).matches('.tile-pick'))) return;
    const step = STEPS[event.key];
    const { wearable } = /** @type {import('../catalog.js').Catalog} */ (this.#catalog);
    if (step) this.#catalog?.step(step);
    else if (event.key === 'Home' && wearable.length) this.#catalog?.select(wearable[0].id);
    else if (event.key === 'End' && wearable.length) {
      this.#catalog?.select(wearable[wearable.length - 1].id);
    } else return;
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
