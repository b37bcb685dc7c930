import { h, iconButton } from '../dom.js';
import { fitToGround } from '../picture.js';
import { NAME_CHARS } from '../words.js';

/**
 * `<wc-garment-card>`: a garment of one's own, to rename or remove. Set `catalog`. Dispatches `close`
 * when it is done.
 */
export class GarmentCard extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  catalog = null;
  #id = '';
  #picture = /** @type {HTMLImageElement} */ (h('img', { alt: '' }));
  #name = /** @type {HTMLInputElement} */ (h('input', {
    class: 'field', name: 'name', required: true, maxlength: NAME_CHARS, autocomplete: 'off',
    'aria-label': 'Name of the garment',
  }));
  #trouble = h('p', { class: 'card-trouble', role: 'status' });
  #remove = iconButton('trash', 'Remove', { class: 'button quiet' });
  #save = h('button', { type: 'submit', class: 'button primary' }, 'Save');
  #close = iconButton('close', 'Close', { iconOnly: true, class: 'tool dialog-close' });
  #form = /** @type {HTMLFormElement} */ (h('form', { class: 'garment-card', novalidate: true },
    h('h2', {}, 'Your garment'),
    h('span', { class: 'tile-picture' }, this.#picture),
    this.#name, this.#trouble,
    h('div', { class: 'card-actions' }, this.#remove, this.#save)));
  #dialog = /** @type {HTMLDialogElement} */ (h('dialog', {
    class: 'card', 'aria-label': 'Your garment',
  }, this.#close, this.#form));

  connectedCallback() {
    fitToGround(this.#picture);
    this.#close.onclick = () => this.#dialog.close();
    this.#dialog.onclick = (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // the backdrop
    };
    this.#dialog.onclose = () => this.dispatchEvent(new Event('close'));
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      const name = this.#name.value.trim();
      if (name) this.#do(() => this.catalog?.rename(this.#id, name));
      else this.#name.focus();
    };
    this.#remove.onclick = () => this.#do(() => this.catalog?.remove(this.#id));
    this.replaceChildren(this.#dialog);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    if (this.#dialog.open) this.#dialog.close();
  }

  /** @returns {string} id of the garment it is about */
  get garment() {
    return this.#id;
  }

  /** @param {import('../catalog.js').Garment} garment */
  show(garment) {
    this.#id = garment.id;
    this.#picture.src = garment.thumbnail;
    this.#name.value = garment.name;
    this.#trouble.textContent = '';
    this.#dialog.showModal();
    this.#name.select();
  }

  /** @param {() => Promise<void> | undefined} change */
  async #do(change) {
    this.#busy = true;
    try {
      await change();
      this.#dialog.close();
    } catch (error) {
      this.#trouble.textContent = error.message;
    } finally {
      this.#busy = false;
    }
  }

  /** @param {boolean} on */
  set #busy(on) {
    for (const button of [this.#save, this.#remove]) button.toggleAttribute('disabled', on);
  }
}

customElements.define('wc-garment-card', GarmentCard);
