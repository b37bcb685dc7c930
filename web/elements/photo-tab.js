import { tryOn } from '../api.js';
import { h, iconButton } from '../dom.js';
import { pictureName, readPicture, save, toBlob } from '../picture.js';
import { PHOTO_TROUBLE } from '../words.js';

const LONGEST_PX = 2048; // larger pictures take longer and look no better on a screen

/**
 * `<wc-photo-tab>`: dress a photo. Set `catalog`; the photo is held in the page, sent for each
 * garment that is tried on, and kept nowhere.
 */
export class PhotoTab extends HTMLElement {
  /** @type {import('../catalog.js').Catalog | null} */
  #catalog = null;
  #listeners = new AbortController();
  /** @type {AbortController | null} */
  #work = null;
  /** @type {HTMLCanvasElement | null} */
  #person = null;
  /** @type {HTMLCanvasElement | null} */
  #result = null;
  /** @type {string | undefined} id of the garment in the result, or on its way there */
  #wornId;
  #file = this.#fileInput({});
  #selfie = this.#fileInput({ capture: 'user' });
  #choose = iconButton('image', 'Choose a photo', { class: 'button primary' });
  #take = iconButton('camera', 'Take a photo', { class: 'button quiet touch-only' });
  #go = h('button', { type: 'button', class: 'button primary' }, 'Try it on');
  #save = iconButton('download', 'Save', { class: 'button primary' });
  #another = iconButton('refresh', 'Another photo', { class: 'button quiet' });
  #compare = /** @type {import('./compare.js').Compare} */ (h('wc-compare', {}));
  #message = h('p', { class: 'photo-message', role: 'status' });

  connectedCallback() {
    this.#choose.onclick = () => this.#file.click();
    this.#another.onclick = () => this.#file.click();
    this.#take.onclick = () => this.#selfie.click();
    this.#go.onclick = () => this.dataset.stage === 'working' || this.#dress();
    this.#save.onclick = () => this.#saveResult();
    this.replaceChildren(this.#welcome(), h('div', { class: 'photo-result' }, this.#compare,
      h('div', { class: 'photo-veil', 'aria-hidden': 'true' }, h('span', { class: 'spinner' }))),
    h('div', { class: 'photo-bar' }, this.#message,
      h('div', { class: 'photo-actions' }, this.#another, this.#save, this.#go)),
    this.#file, this.#selfie);
    this.#become('empty');
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#work?.abort();
    this.#listeners.abort();
  }

  /** @param {import('../catalog.js').Catalog} catalog */
  set catalog(catalog) {
    this.#catalog = catalog;
    const { signal } = this.#listeners;
    catalog.addEventListener('select', () => this.refresh(), { signal });
  }

  /** Follow the picked garment, now that it is another one or the tab is seen again. */
  refresh() {
    const id = this.#catalog?.selected?.id;
    if (this.closest('[hidden]') || id === this.#wornId) return;
    const { stage } = this.dataset;
    if (stage === 'working' || stage === 'done') this.#dress();
    else if (stage === 'ready') this.#invite();
    else if (stage === 'refused') this.#reconsider();
  }

  /**
   * Take a photo of the shopper, from wherever it came.
   * @param {File} file
   */
  async use(file) {
    try {
      this.#person = await readPicture(file, LONGEST_PX);
    } catch (error) {
      this.#say(error.message, 'bad');
      return;
    }
    this.#work?.abort();
    this.#lay(this.#person, 'before', 'Your photo');
    this.style.setProperty('--picture', `${this.#person.width} / ${this.#person.height}`);
    this.#undress();
    this.#invite();
    this.#go.focus();
  }

  /** The photo was no good with one garment; with another the shopper may try again. */
  #reconsider() {
    this.#become('ready');
    this.#invite();
  }

  /** The photo as it is. */
  #undress() {
    this.#result = null;
    this.#wornId = undefined;
    this.#compare.querySelector('[data-side="after"]')?.remove();
    this.#compare.mode = 'before';
    this.#become('ready');
  }

  #invite() {
    const name = this.#catalog?.selected?.name;
    this.#say(name ? `Try on ${name}, or pick another garment.` : 'Pick a garment to try on.');
    this.#go.toggleAttribute('disabled', !name);
  }

  async #dress() {
    const garment = this.#catalog?.selected;
    if (!this.#person || !garment) return;
    this.#wornId = garment.id;
    this.#work?.abort();
    const work = new AbortController();
    this.#work = work;
    this.#become('working');
    this.#say(`Putting on ${garment.name}…`);
    try {
      const photo = await toBlob(this.#person, 'image/jpeg');
      this.#show(await readPicture(await tryOn(photo, garment.id, work.signal)), garment.name);
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.#undress();
      const trouble = PHOTO_TROUBLE[error.code];
      if (trouble && error.code !== 'worker_error') this.#become('refused');
      this.#say(trouble ?? error.message, 'bad');
    }
  }

  /**
   * @param {HTMLCanvasElement} result
   * @param {string} name
   */
  #show(result, name) {
    this.#result = result;
    this.#lay(result, 'after', `You, wearing ${name}`);
    this.#compare.mode = 'split';
    this.#say(`${name}. Drag the line to compare; pick another garment to go on.`);
    this.#become('done');
  }

  async #saveResult() {
    if (this.#result) save(await toBlob(this.#result), pictureName());
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {'before' | 'after'} side
   * @param {string} label
   */
  #lay(canvas, side, label) {
    canvas.dataset.side = side;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', label);
    this.#compare.querySelector(`[data-side="${side}"]`)?.remove();
    this.#compare.prepend(canvas);
  }

  #welcome() {
    return h('div', { class: 'photo-welcome' },
      h('wc-icon', { name: 'image', class: 'photo-mark' }),
      h('h1', {}, 'Dress a photo'),
      h('p', { class: 'lead' }, 'A photo from the front, from head to hips, works best.'),
      h('div', { class: 'photo-actions' }, this.#choose, this.#take),
      h('p', { class: 'photo-drop' }, 'Or drop one here.'),
      h('p', { class: 'privacy' }, h('wc-icon', { name: 'lock' }),
        h('span', {}, 'Your photo is used for this one picture and is not kept.')));
  }

  /** @param {Record<string, string>} attributes */
  #fileInput(attributes) {
    const input = /** @type {HTMLInputElement} */ (h('input', {
      type: 'file', accept: 'image/*', class: 'visually-hidden', tabindex: '-1',
      'aria-hidden': 'true', ...attributes,
    }));
    input.onchange = () => {
      const [file] = input.files ?? [];
      input.value = ''; // the same file may be chosen again
      if (file) this.use(file);
    };
    return input;
  }

  /** @param {'empty' | 'ready' | 'working' | 'done' | 'refused'} stage */
  #become(stage) {
    const atGo = document.activeElement === this.#go;
    this.dataset.stage = stage;
    this.setAttribute('aria-busy', String(stage === 'working'));
    this.#save.hidden = stage !== 'done';
    this.#go.hidden = !['ready', 'working'].includes(stage);
    this.#another.hidden = stage === 'empty';
    this.#another.className = `button ${stage === 'refused' ? 'primary' : 'quiet'}`;
    // not disabled, which would lose the focus
    this.#go.setAttribute('aria-disabled', String(stage === 'working'));
    if (atGo && this.#go.hidden) (stage === 'done' ? this.#save : this.#another).focus();
  }

  /**
   * @param {string} text
   * @param {'good' | 'bad'} [tone]
   */
  #say(text, tone = 'good') {
    this.#message.dataset.tone = tone;
    this.#message.textContent = text;
  }
}

customElements.define('wc-photo-tab', PhotoTab);
