import { h } from '../dom.js';
import { LOOKS } from '../words.js';

const REFRESH_MS = 1000;
const ROWS = Object.freeze([
  'Quality', 'Picture rate', 'Delay', 'Look', 'Server rate', 'Camera', 'Skipped',
]);
const GOOD = Object.freeze({ rate: 20, delayMs: 150 });
const FAIR = Object.freeze({ rate: 12, delayMs: 350 });

/**
 * @param {number} rate pictures per second
 * @param {number | null} delayMs to the server and back
 */
function quality(rate, delayMs) {
  const reaches = (/** @type {typeof GOOD} */ level) => rate >= level.rate
    && delayMs !== null && delayMs <= level.delayMs;
  if (reaches(GOOD)) return 'Good';
  return reaches(FAIR) ? 'Fair' : 'Weak';
}

/** @param {import('../messages.js').StatusMessage | null} status */
function look(status) {
  const name = LOOKS[status?.look ?? 'none'] ?? '–';
  if (status?.trouble === 'keyframes_failing') return `${name}; rendering fails at the moment`;
  const age = status?.look_age_ms;
  return age === null || age === undefined ? name : `${name}, ${(age / 1000).toFixed(1)} s ago`;
}

/**
 * `<wc-details-panel>`: how the live picture is doing, for those who want to know. `source()` gives
 * the values once a second while the panel is open.
 *
 * @typedef {{frames: number, delayMs: number | null, camera: MediaTrackSettings | null,
 *   status: import('../messages.js').StatusMessage | null}} Details
 */
export class DetailsPanel extends HTMLElement {
  /** @type {(() => Details) | null} */
  source = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #last = { frames: 0, at: 0 };
  /** @type {Map<string, HTMLElement>} */
  #values = new Map();

  connectedCallback() {
    const name = 'Connection details';
    const summary = h('summary', { class: 'tool', 'aria-label': name, title: name },
      h('wc-icon', { name: 'info' }));
    const list = h('dl', {});
    for (const label of ROWS) {
      const value = h('dd', {}, '–');
      this.#values.set(label, value);
      list.append(h('div', {}, h('dt', {}, label), value));
    }
    const details = /** @type {HTMLDetailsElement} */ (h('details', {}, summary, list));
    details.addEventListener('toggle', () => this.#run(details.open));
    this.replaceChildren(details);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    clearInterval(this.#timer);
  }

  /** @param {boolean} on */
  #run(on) {
    clearInterval(this.#timer);
    if (!on) return;
    this.#last = { frames: this.source?.().frames ?? 0, at: performance.now() };
    this.#timer = setInterval(() => this.#refresh(), REFRESH_MS);
  }

  #refresh() {
    const details = this.source?.();
    if (!details) return;
    const now = performance.now();
    const rate = ((details.frames - this.#last.frames) * 1000) / (now - this.#last.at);
    this.#last = { frames: details.frames, at: now };
    const { status, camera, delayMs } = details;
    this.#write('Quality', quality(rate, delayMs));
    this.#write('Picture rate', `${Math.max(0, Math.round(rate))} per second`);
    const delay = `${Math.round(delayMs ?? 0)} ms to the server and back`;
    this.#write('Delay', delayMs === null ? '–' : delay);
    this.#write('Look', look(status));
    this.#write('Server rate', status?.fps ? `${Math.round(status.fps)} per second` : '–');
    this.#write('Camera', camera ? `${camera.width} × ${camera.height}` : '–');
    this.#write('Skipped', status?.dropped === undefined ? '–' : `${status.dropped} frames`);
  }

  /**
   * @param {string} label
   * @param {string} text
   */
  #write(label, text) {
    const value = this.#values.get(label);
    if (value) value.textContent = text;
  }
}

customElements.define('wc-details-panel', DetailsPanel);
