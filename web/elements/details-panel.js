import { h } from '../dom.js';
import { LOOKS, PRIVACY } from '../words.js';

const REFRESH_MS = 1000;
const ROWS = Object.freeze(['Picture', 'Connection', 'Server', 'Look', 'Camera', 'Skipped']);
const SMOOTH_RATE = 20; // pictures per second
const UNEVEN_RATE = 12;
const FAST_MS = 80; // there and back; below it nobody sees a delay of the line
const SLOW_MS = 250;

/**
 * Each word is about its own number: a line can be fast and the picture jerky all the same.
 * @param {number} rate pictures per second
 */
function smoothness(rate) {
  if (rate >= SMOOTH_RATE) return 'Smooth';
  return rate >= UNEVEN_RATE ? 'Slightly jerky' : 'Jerky';
}

/** @param {number} delayMs to the server and back */
function speed(delayMs) {
  if (delayMs <= FAST_MS) return 'Fast';
  return delayMs <= SLOW_MS ? 'Fair' : 'Slow';
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
 *   status: import('../messages.js').StatusMessage | null, paused: boolean}} Details
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
    const name = 'Details of the picture';
    const summary = h('summary', { class: 'tool', 'aria-label': name, title: name },
      h('wc-icon', { name: 'info' }));
    const list = h('dl', {});
    for (const label of ROWS) {
      const value = h('dd', {}, '–');
      this.#values.set(label, value);
      list.append(h('div', {}, h('dt', {}, label), value));
    }
    const details = /** @type {HTMLDetailsElement} */ (h('details', {}, summary,
      h('div', { class: 'details' }, list, h('p', { class: 'privacy' },
        h('wc-icon', { name: 'lock' }), h('span', {}, PRIVACY)))));
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
    const { status, camera, delayMs, paused } = details;
    const picture = `${smoothness(rate)}, ${Math.max(0, Math.round(rate))} a second`;
    this.#write('Picture', paused ? 'Paused' : picture);
    this.#write('Connection', delayMs === null ? '–'
      : `${speed(delayMs)}, ${Math.round(delayMs)} ms there and back`);
    this.#write('Server', status?.fps ? `Sends ${Math.round(status.fps)} a second` : '–');
    this.#write('Look', look(status));
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
