/**
 * The kiosk page: starts by itself, and goes on for ever.
 *
 * Options in the address: `garment=ID` to begin with, `idle=SECONDS` without anybody until the
 * attract screen comes, `rotate=SECONDS` to put on the next garment by itself, `mirror=0` for a
 * camera that already mirrors.
 */

import './elements/icon.js';
import './elements/compare.js';
import './elements/garment-rail.js';
import './elements/garment-show.js';
import './elements/mirror-stage.js';
import './elements/status-pill.js';
import { Catalog } from './catalog.js';
import { need } from './dom.js';
import { IdleWatch } from './idle.js';
import { Mirror } from './mirror.js';
import { PROGRESS, hintFor, problem } from './words.js';

const IDLE_S = 15;
const TOUCH_GRACE_S = 20; // a garment picked by hand stays at least so long
const RETRY_MS = 4000;
const STUCK_MS = 5 * 60_000; // not live for so long: load the page afresh
const RESTOCK_MS = 5 * 60_000; // new garments show without anybody reloading the page
const POINTER_MS = 3000;
const NOBODY = Object.freeze(['no_person']);

/** @typedef {import('./mirror.js').MirrorState} MirrorState */

/**
 * What the attract screen says: an invitation, or in a few words why there is no mirror now.
 * @param {MirrorState} state
 */
function invitation(state) {
  if (state.name === 'asking') return 'Allow the camera to switch the mirror on.';
  if (state.name === 'waiting') return 'The mirror will be back in a moment.';
  if (state.name !== 'problem') return 'Step in front of the mirror.';
  if (state.problem === 'denied') return 'The camera is blocked. Allow it for this page.';
  return `${problem(state.problem).title}. We keep trying.`;
}

class KioskPage {
  #query = new URLSearchParams(location.search);
  #listeners = new AbortController();
  #catalog = new Catalog();
  #stage = need('wc-mirror-stage');
  #pill = need('wc-status-pill');
  #rail = need('wc-garment-rail');
  #text = need('#attract-text');
  #wake = need('#wake');
  #mirror = new Mirror(this.#stage, this.#catalog);
  #idle = new IdleWatch(this.#seconds('idle', IDLE_S));
  /** @type {Set<ReturnType<typeof setInterval>>} */
  #timers = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pointerTimer;
  #begun = false;
  #liveAt = performance.now();
  #touchedAt = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#rail.catalog = this.#catalog;
    need('wc-garment-show').catalog = this.#catalog;
    const { signal } = this.#listeners;
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type,
      /** @type {(event: any) => void} */ handler) => {
      target.addEventListener(type, handler, { signal });
    };
    on(this.#mirror, 'state', (event) => this.#showState(event.detail));
    on(this.#mirror, 'status', (event) => this.#showStatus(event.detail));
    on(this.#idle, 'change', () => this.#showIdle());
    on(this.#wake, 'click', () => this.#mirror.start());
    on(document, 'pointerdown', () => this.#touched());
    on(document, 'pointermove', () => this.#showPointer());
    on(document, 'keydown', (event) => this.#key(event));
    on(document, 'contextmenu', (event) => event.preventDefault());
    on(document, 'visibilitychange', () => this.#keepAwake());
  }

  async start() {
    this.#mirror.mirrored = this.#query.get('mirror') !== '0';
    this.#showIdle();
    this.#keepAwake();
    this.#every(RETRY_MS, () => this.#recover());
    const rotate = this.#seconds('rotate', 0);
    if (rotate > 0) this.#every(rotate * 1000, () => this.#rotate());
    const { signal } = this.#listeners;
    await this.#catalog.keepLoading(this.#query.get('garment'), signal, () => {});
    this.#every(RESTOCK_MS, () => this.#restock());
    this.#begun = true;
    await this.#mirror.start();
  }

  destroy() {
    this.#listeners.abort();
    this.#timers.forEach((timer) => clearInterval(timer));
    clearTimeout(this.#pointerTimer);
    this.#idle.destroy();
    this.#mirror.destroy();
  }

  /**
   * @param {string} name
   * @param {number} fallback
   */
  #seconds(name, fallback) {
    const value = Number.parseFloat(this.#query.get(name) ?? '');
    return Number.isFinite(value) && value > 0 ? value : fallback;
  }

  /**
   * @param {number} milliseconds
   * @param {() => void} work
   */
  #every(milliseconds, work) {
    this.#timers.add(setInterval(work, milliseconds));
  }

  /** @param {MirrorState} state */
  #showState(state) {
    document.documentElement.dataset.mirror = state.name;
    if (state.name === 'live') this.#liveAt = performance.now();
    this.#wake.hidden = !(state.name === 'problem' && state.problem === 'denied');
    this.#text.textContent = invitation(state);
    this.#pill.say(['connecting', 'waiting'].includes(state.name) && !this.#idle.idle
      ? PROGRESS.reconnecting : null);
    if (state.name === 'problem') this.#showIdle();
  }

  /** @param {import('./messages.js').StatusMessage} status */
  #showStatus(status) {
    const somebody = status.state !== 'starting' && status.state !== 'waiting'
      && !NOBODY.includes(status.reason ?? '');
    if (somebody) this.#idle.stir();
    this.#pill.follow(hintFor(status));
    if (this.#mirror.state.name === 'live') {
      const warming = status.state === 'starting';
      this.#text.textContent = warming ? PROGRESS.starting.text : invitation(this.#mirror.state);
    }
  }

  #showIdle() {
    const stopped = this.#mirror.state.name === 'problem';
    document.documentElement.toggleAttribute('data-attract', this.#idle.idle || stopped);
  }

  /** Whatever stopped the mirror, try again; a page that stays stuck is loaded afresh. */
  async #recover() {
    const { state } = this.#mirror;
    if (state.name === 'live') this.#liveAt = performance.now();
    const code = state.name === 'problem' ? state.problem : '';
    const stopped = code || (state.name === 'idle' && this.#begun);
    if (stopped && (await this.#mayStart(code))) this.#mirror.start();
    if (performance.now() - this.#liveAt > STUCK_MS && (await this.#serverAnswers())) {
      location.reload();
    }
  }

  /**
   * A refused camera is asked for again only once the permission has changed.
   * @param {string} code
   */
  async #mayStart(code) {
    if (code !== 'denied') return true;
    try {
      const { state } = await navigator.permissions.query({ name: 'camera' });
      return state === 'granted';
    } catch {
      return false; // this browser does not tell; the button is there
    }
  }

  async #serverAnswers() {
    try {
      return (await fetch('/healthz', { cache: 'no-store' })).ok;
    } catch {
      return false;
    }
  }

  async #restock() {
    try {
      await this.#catalog.load();
    } catch {
      // the garments that are there stay
    }
  }

  #rotate() {
    const touched = performance.now() - this.#touchedAt < TOUCH_GRACE_S * 1000;
    if (!touched && this.#mirror.state.name === 'live') this.#catalog.step(1);
  }

  #touched() {
    this.#touchedAt = performance.now();
    if (this.#mirror.state.name !== 'problem') this.#idle.stir();
  }

  #showPointer() {
    document.documentElement.removeAttribute('data-still');
    clearTimeout(this.#pointerTimer);
    this.#pointerTimer = setTimeout(() => {
      document.documentElement.toggleAttribute('data-still', true);
    }, POINTER_MS);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step || event.defaultPrevented) return;
    this.#touched();
    this.#catalog.step(/** @type {1 | -1} */ (step));
  }

  /** The screen must not sleep; the lock is lost whenever the page is hidden. */
  async #keepAwake() {
    if (document.hidden || !navigator.wakeLock) return;
    try {
      await navigator.wakeLock.request('screen');
    } catch {
      // refused, for instance on low battery: the mirror works all the same
    }
  }
}

new KioskPage().start();
