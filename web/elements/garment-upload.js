import { h, iconButton } from '../dom.js';

/**
 * `<wc-garment-upload>`: add a garment from a photo. Set `catalog`; `send(file)` does the same for
 * a photo that was dropped or pasted somewhere else on the page.
 */
export class GarmentUpload extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  catalog = null;
  /** Largest file the server takes, bytes. */
  limitBytes = Number.POSITIVE_INFINITY;
  /** @type {AbortController | null} */
  #upload = null;
  #input = /** @type {HTMLInputElement} */ (h('input', {
    type: 'file', accept: 'image/*', class: 'visually-hidden', tabindex: '-1',
    'aria-hidden': 'true',
  }));
  #button = iconButton('upload', 'Add your own', { class: 'button quiet upload-button' });
  #progress = h('progress', { max: '1', 'aria-label': 'Upload' });
  #message = h('p', { class: 'upload-message', role: 'status' });

  connectedCallback() {
    this.#button.onclick = () => this.#input.click();
    this.#input.onchange = () => {
      const [file] = this.#input.files ?? [];
      this.#input.value = ''; // the same file may be chosen again
      if (file) this.send(file);
    };
    this.#progress.hidden = true;
    this.#message.hidden = true;
    this.replaceChildren(this.#button, this.#input, this.#progress, this.#message);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#upload?.abort();
  }

  /** @param {File} file */
  async send(file) {
    if (file.size > this.limitBytes) {
      const limit = Math.floor(this.limitBytes / 1e6);
      this.#say(`This photo is too large: at most ${limit} MB.`, 'bad');
      return;
    }
    this.#upload?.abort();
    const upload = new AbortController();
    this.#upload = upload;
    this.#busy(true);
    this.#say('Sending the photo…');
    try {
      const garment = await this.catalog?.upload(file, {
        signal: upload.signal, onprogress: (fraction) => this.#advance(fraction),
      });
      this.#say(this.#welcome(garment));
    } catch (error) {
      if (error.name !== 'AbortError') this.#say(error.message, 'bad');
    } finally {
      if (this.#upload === upload) this.#busy(false);
    }
  }

  /** @param {import('../catalog.js').Garment | undefined} garment */
  #welcome(garment) {
    if (garment && this.catalog?.selected?.id !== garment.id) {
      return `${garment.name} is in, but trousers, skirts and shorts cannot be tried on yet.`;
    }
    return `${garment?.name} is ready to wear.`;
  }

  /** @param {number} fraction */
  #advance(fraction) {
    const progress = /** @type {HTMLProgressElement} */ (this.#progress);
    if (fraction < 1) {
      progress.value = fraction;
    } else {
      progress.removeAttribute('value');
      this.#say('Cutting it out…');
    }
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#progress.hidden = !busy;
    this.#progress.removeAttribute('value');
    this.#button.toggleAttribute('disabled', busy);
  }

  /**
   * @param {string} text
   * @param {'good' | 'bad'} [tone]
   */
  #say(text, tone = 'good') {
    this.#message.hidden = false;
    this.#message.dataset.tone = tone;
    this.#message.textContent = text;
  }
}

customElements.define('wc-garment-upload', GarmentUpload);
