/** Pictures that are dropped on the page or pasted into it. */

/** @param {DataTransfer | null} data */
function firstPicture(data) {
  return [...(data?.files ?? [])].find(({ type }) => type.startsWith('image/')) ?? null;
}

/** @param {DragEvent} event */
const bringsFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;

/** Takes pictures anywhere on the page and shows a veil while one is dragged over it. */
export class PictureDrop {
  #listeners = new AbortController();
  #veil;
  #options;

  /**
   * @param {HTMLElement} veil with a `span` for the text
   * @param {{text: () => string, accept: (file: File) => void}} options nothing is taken while
   *   the text is empty
   */
  constructor(veil, options) {
    this.#veil = veil;
    this.#options = options;
    const { signal } = this.#listeners;
    document.addEventListener('dragover', (event) => this.#over(event), { signal });
    document.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) this.#veil.hidden = true; // out of the window
    }, { signal });
    document.addEventListener('drop', (event) => this.#drop(event), { signal });
    document.addEventListener('paste', (event) => this.#take(event.clipboardData), { signal });
  }

  destroy() {
    this.#listeners.abort();
  }

  /** @param {DragEvent} event */
  #over(event) {
    if (!bringsFiles(event)) return;
    event.preventDefault(); // otherwise the browser leaves the page to show the file
    const text = this.#options.text();
    const span = this.#veil.querySelector('span');
    if (span) span.textContent = text;
    this.#veil.hidden = !text;
  }

  /** @param {DragEvent} event */
  #drop(event) {
    this.#veil.hidden = true;
    if (!bringsFiles(event)) return;
    event.preventDefault();
    this.#take(event.dataTransfer);
  }

  /** @param {DataTransfer | null} data */
  #take(data) {
    const file = firstPicture(data);
    if (file && this.#options.text()) this.#options.accept(file);
  }
}
