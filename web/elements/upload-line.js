import { h, iconButton } from '../dom.js';

/**
 * `<wc-upload-line>`: one garment photo on its way: what it is, how far it has come, what became of
 * it. Dispatches `close` when its button is pressed; set `photo` before it is shown.
 */
export class UploadLine extends HTMLElement {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #url = '';
  #name = '';
  #picture = /** @type {HTMLImageElement} */ (h('img', { alt: '', class: 'upload-picture' }));
  #text = h('p', { class: 'upload-message' });
  #progress = /** @type {HTMLProgressElement} */ (h('progress', { max: '1', hidden: true }));
  #close = iconButton('close', 'Cancel this upload', { iconOnly: true, class: 'upload-close' });

  connectedCallback() {
    this.#close.onclick = () => this.dispatchEvent(new Event('close'));
    this.#picture.onerror = () => { // the browser cannot read it
      this.#picture.hidden = true;
      if (this.settled) this.#write(this.#named(this.#text.textContent ?? ''));
    };
    this.replaceChildren(this.#picture, this.#text, this.#progress, this.#close);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    clearTimeout(this.#timer);
    URL.revokeObjectURL(this.#url);
  }

  /** @param {File} file */
  set photo(file) {
    this.#name = file.name;
    this.#url = URL.createObjectURL(file);
    this.#picture.src = this.#url;
    this.#progress.setAttribute('aria-label', `Upload of ${file.name || 'a photo'}`);
  }

  /** True once it has been told how it went. */
  get settled() {
    return this.hasAttribute('data-tone');
  }

  /**
   * @param {string} text
   * @param {number | null} [fraction] of the way, null when nobody knows; none while it waits
   */
  say(text, fraction) {
    this.#write(text);
    this.#progress.hidden = fraction === undefined;
    if (fraction === null) this.#progress.removeAttribute('value');
    else this.#progress.value = fraction ?? 0;
  }

  /**
   * Say how it went, and go after a while, but not while somebody points at it.
   * @param {string} text
   * @param {'good' | 'bad'} tone
   * @param {number} shownMs
   */
  settle(text, tone, shownMs) {
    this.dataset.tone = tone;
    this.#write(this.#named(text));
    this.#progress.hidden = true;
    this.#close.setAttribute('aria-label', 'Close this message');
    this.#close.title = 'Close this message';
    const leave = () => {
      if (this.matches(':hover, :focus-within')) this.#timer = setTimeout(leave, shownMs);
      else this.remove();
    };
    this.#timer = setTimeout(leave, shownMs);
  }

  /** @param {string} text of what came of it; what has no picture is told by its name */
  #named(text) {
    return this.#picture.hidden && this.#name ? `${this.#name}: ${text}` : text;
  }

  /** @param {string} text read out only when it is another one */
  #write(text) {
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }
}

customElements.define('wc-upload-line', UploadLine);
