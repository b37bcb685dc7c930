import { h, iconButton, relabel } from '../dom.js';

/**
 * `<wc-mirror-controls>`: the buttons over a running mirror. Dispatches `action` with detail
 * `{name: 'before' | 'compare' | 'flip' | 'pause' | 'fullscreen', on: boolean}` or
 * `{name: 'snapshot' | 'stop'}`.
 */
export class MirrorControls extends HTMLElement {
  #listeners = new AbortController();
  #before = iconButton('eye', 'Hold to see yourself before', { iconOnly: true, class: 'tool' });
  #compare = this.#toggle('compare', 'Before and after side by side', 'compare');
  #snapshot = iconButton('camera', 'Take a picture', { iconOnly: true, class: 'tool shutter' });
  #flip = this.#toggle('flip', 'Mirror image', 'flip', 'plain');
  #pause = this.#toggle('pause', 'Pause', 'pause');
  #fullscreen = this.#toggle('fullscreen', 'Full screen', 'expand');
  #stop = iconButton('close', 'Stop the mirror', { iconOnly: true, class: 'tool' });

  connectedCallback() {
    this.#snapshot.onclick = () => this.#act('snapshot');
    this.#stop.onclick = () => this.#act('stop');
    this.#fullscreen.hidden = !document.fullscreenEnabled; // phones from Apple have none
    document.addEventListener('fullscreenchange', () => this.#followFullscreen(), {
      signal: this.#listeners.signal,
    });
    this.#holdable(this.#before);
    this.#snapshot.replaceChildren(h('span', { class: 'shutter-dot' }));
    this.replaceChildren(
      h('div', { class: 'tools top', role: 'group', 'aria-label': 'View' },
        this.#fullscreen, this.#stop),
      h('div', { class: 'tools bottom', role: 'group', 'aria-label': 'Mirror' },
        this.#before, this.#compare, this.#snapshot, this.#flip, this.#pause),
    );
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#listeners.abort();
  }

  get compare() {
    return this.#compare.getAttribute('aria-pressed') === 'true';
  }

  /** @param {boolean} on */
  set compare(on) {
    this.#compare.setAttribute('aria-pressed', String(on));
  }

  /** @param {boolean} on */
  set mirrored(on) {
    this.#flip.setAttribute('aria-pressed', String(on));
  }

  /** @param {boolean} on */
  set paused(on) {
    this.#pause.setAttribute('aria-pressed', String(on));
    relabel(this.#pause, on ? 'play' : 'pause', on ? 'Go on' : 'Pause');
  }

  /** @param {boolean} ready whether there is a dressed picture to save and compare */
  set ready(ready) {
    for (const button of [this.#before, this.#compare, this.#snapshot]) button.disabled = !ready;
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {string} icon
   * @param {string} [style] `plain` for what is on as a rule
   */
  #toggle(name, label, icon, style = '') {
    const button = iconButton(icon, label, {
      iconOnly: true, class: `tool ${style}`, 'aria-pressed': 'false',
    });
    button.onclick = () => this.#act(name, button.getAttribute('aria-pressed') !== 'true');
    return button;
  }

  /**
   * Active while held, by pointer or by key.
   * @param {HTMLButtonElement} button
   */
  #holdable(button) {
    const { signal } = this.#listeners;
    let held = false;
    const set = (/** @type {boolean} */ on) => {
      if (held === on) return;
      held = on;
      button.toggleAttribute('data-held', on);
      this.#act('before', on);
    };
    const isPress = (/** @type {KeyboardEvent} */ event) => [' ', 'Enter'].includes(event.key);
    button.addEventListener('pointerdown', () => set(true), { signal });
    for (const type of ['pointerup', 'pointercancel', 'pointerleave', 'blur']) {
      button.addEventListener(type, () => set(false), { signal });
    }
    button.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    button.addEventListener('keydown', (event) => isPress(event) && set(true), { signal });
    button.addEventListener('keyup', (event) => isPress(event) && set(false), { signal });
  }

  #followFullscreen() {
    const on = document.fullscreenElement !== null;
    this.#fullscreen.setAttribute('aria-pressed', String(on));
    relabel(this.#fullscreen, on ? 'shrink' : 'expand', on ? 'Leave full screen' : 'Full screen');
  }

  /**
   * @param {string} name
   * @param {boolean} [on]
   */
  #act(name, on) {
    this.dispatchEvent(new CustomEvent('action', { detail: { name, on } }));
  }
}

customElements.define('wc-mirror-controls', MirrorControls);
