/** Notices that nobody has been there for a while, and that somebody is back. */
export class IdleWatch extends EventTarget {
  #quietMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #idle = true;

  /** @param {number} quietSeconds nobody for so long means idle */
  constructor(quietSeconds) {
    super();
    this.#quietMs = quietSeconds * 1000;
  }

  /** True until somebody comes, and again after they have left. */
  get idle() {
    return this.#idle;
  }

  /** Somebody is there. */
  stir() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#become(true), this.#quietMs);
    this.#become(false);
  }

  destroy() {
    clearTimeout(this.#timer);
  }

  /** @param {boolean} idle */
  #become(idle) {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.dispatchEvent(new Event('change'));
  }
}
