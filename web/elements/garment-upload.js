import { h, iconButton } from '../dom.js';
import { UPLOAD } from '../words.js';

const GOOD_MS = 6000;
const BAD_MS = 30_000; // long enough to read it, find another photo, and read it again
const SLOW_MS = 8000;

/** @typedef {import('./upload-line.js').UploadLine} UploadLine */

/**
 * `<wc-garment-upload>`: add garments from photos, one after the other, each with a line of its
 * own. Set `catalog`; `send(file)` does the same for a photo that was dropped or pasted somewhere
 * else on the page.
 */
export class GarmentUpload extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  #catalog = null;
  #listeners = new AbortController();
  /** Largest file the server takes, bytes. */
  limitBytes = Number.POSITIVE_INFINITY;
  #waiting = 0;
  /** @type {Promise<void>} */
  #last = Promise.resolve();
  #input = /** @type {HTMLInputElement} */ (h('input', {
    type: 'file', accept: 'image/*', multiple: true, class: 'visually-hidden', tabindex: '-1',
    'aria-hidden': 'true',
  }));
  #button = iconButton('upload', 'Add your own', { class: 'button quiet upload-button' });
  #lines = h('div', { class: 'uploads', role: 'status', 'aria-atomic': 'false' });

  connectedCallback() {
    this.#button.onclick = () => this.#input.click();
    this.#input.onchange = () => {
      const files = [...(this.#input.files ?? [])];
      this.#input.value = ''; // the same file may be chosen again
      files.forEach((file) => this.send(file));
    };
    this.replaceChildren(this.#button, this.#input, this.#lines);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#listeners.abort();
    this.#lines.replaceChildren();
  }

  /** @param {import('../catalog.js').Catalog} catalog */
  set catalog(catalog) {
    this.#catalog = catalog;
    const { signal } = this.#listeners;
    // who picks a garment has read what there was to read; an upload's own pick is no such sign
    catalog.addEventListener('select', () => this.#waiting || this.#clear(), { signal });
  }

  /** @param {File} file */
  send(file) {
    if (!this.#waiting) this.#clear();
    const line = /** @type {UploadLine} */ (document.createElement('wc-upload-line'));
    const cancelled = new AbortController();
    line.photo = file;
    line.addEventListener('close', () => {
      if (line.contains(document.activeElement)) this.#button.focus();
      cancelled.abort();
      line.remove();
    });
    this.#lines.append(line);
    if (file.size > this.limitBytes) {
      line.settle(UPLOAD.tooLarge(this.limitBytes), 'bad', BAD_MS);
      return;
    }
    if (this.#waiting) line.say(UPLOAD.waiting);
    this.#waiting += 1;
    this.#last = this.#last.then(() => this.#upload(file, line, cancelled.signal))
      .finally(() => { this.#waiting -= 1; });
  }

  /**
   * @param {File} file
   * @param {UploadLine} line
   * @param {AbortSignal} signal
   */
  async #upload(file, line, signal) {
    if (signal.aborted) return;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let slow;
    line.say(UPLOAD.sending, 0);
    try {
      const garment = await this.#catalog?.upload(file, {
        signal,
        onprogress: (fraction) => {
          line.say(fraction < 1 ? UPLOAD.sending : UPLOAD.cutting, fraction < 1 ? fraction : null);
          if (fraction === 1) slow ??= setTimeout(() => line.say(UPLOAD.slow, null), SLOW_MS);
        },
      });
      if (!garment) return;
      const { name, notice } = garment;
      line.settle(UPLOAD.done(name, notice), 'good', notice ? BAD_MS : GOOD_MS);
    } catch (error) {
      if (error.name !== 'AbortError') line.settle(error.message, 'bad', BAD_MS);
    } finally {
      clearTimeout(slow);
    }
  }

  /** Take away what has been said. */
  #clear() {
    for (const line of /** @type {UploadLine[]} */ ([...this.#lines.children])) {
      if (line.settled) line.remove();
    }
  }
}

customElements.define('wc-garment-upload', GarmentUpload);
