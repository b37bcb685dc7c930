import { h, iconButton } from '../dom.js';
import { canShare, pictureName, save, share, toBlob } from '../picture.js';

/** `<wc-snapshot-card>`: the picture just taken, to save or share. It exists only in this page. */
export class SnapshotCard extends HTMLElement {
  #frame = h('div', { class: 'snapshot-frame' });
  #save = iconButton('download', 'Save', { class: 'button primary' });
  #share = iconButton('share', 'Share', { class: 'button quiet' });
  #close = iconButton('close', 'Close', { iconOnly: true, class: 'tool dialog-close' });
  #dialog = /** @type {HTMLDialogElement} */ (h('dialog', {
    class: 'card', 'aria-label': 'Your picture',
  }, this.#close, this.#frame, h('div', { class: 'card-actions' },
    h('p', { class: 'privacy' }, h('wc-icon', { name: 'lock' }),
      h('span', {}, 'Only in this window until you save it.')),
    h('div', { class: 'card-buttons' }, this.#share, this.#save))));

  connectedCallback() {
    this.#close.onclick = () => this.#dialog.close();
    this.#dialog.onclick = (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // the backdrop
    };
    this.#dialog.onclose = () => this.#frame.replaceChildren();
    this.replaceChildren(this.#dialog);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    if (this.#dialog.open) this.#dialog.close();
  }

  /** @param {HTMLCanvasElement} canvas */
  async show(canvas) {
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', 'You, wearing the picked garment');
    this.#frame.replaceChildren(canvas);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#save.focus();
    const blob = await toBlob(canvas);
    const file = new File([blob], pictureName(), { type: blob.type });
    this.#share.hidden = !canShare(file);
    this.#share.onclick = () => share(file);
    this.#save.onclick = () => {
      save(file, file.name);
      this.#dialog.close();
    };
  }
}

customElements.define('wc-snapshot-card', SnapshotCard);
