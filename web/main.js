/** The shopper's page. */

import './elements/icon.js';
import './elements/compare.js';
import './elements/details-panel.js';
import './elements/garment-card.js';
import './elements/garment-rail.js';
import './elements/garment-show.js';
import './elements/garment-upload.js';
import './elements/mirror-controls.js';
import './elements/mirror-stage.js';
import './elements/photo-tab.js';
import './elements/problem-card.js';
import './elements/snapshot-card.js';
import './elements/status-pill.js';
import './elements/upload-line.js';
import { fetchConfig } from './api.js';
import { Catalog } from './catalog.js';
import { need } from './dom.js';
import { PictureDrop } from './drop.js';
import { followHost } from './host.js';
import { Mirror } from './mirror.js';
import { Tabs } from './tabs.js';
import { PROGRESS, hintFor, inLine, problem } from './words.js';

const SHORT_WAIT_S = 1.5; // a shorter interruption is not worth a card over the mirror
const TROUBLE_MS = 4000; // long enough to read what went wrong
const KEYS_OF_ITS_OWN = 'input, dialog, details, [role="tablist"]';
const RUNNING = Object.freeze(['connecting', 'live', 'waiting']);

/** @typedef {import('./mirror.js').MirrorState} MirrorState */

class ShopperPage {
  #listeners = new AbortController();
  #catalog = new Catalog();
  #stage = need('wc-mirror-stage');
  #controls = need('wc-mirror-controls');
  #details = need('wc-details-panel');
  #pill = need('wc-status-pill');
  #problem = need('wc-problem-card');
  #rail = need('wc-garment-rail');
  #card = need('wc-garment-card');
  #upload = need('wc-garment-upload');
  #photo = need('wc-photo-tab');
  #mirror = new Mirror(this.#stage, this.#catalog);
  #tabs = new Tabs(need('.tabs'));
  #drop;
  /** @type {import('./messages.js').StatusMessage | null} */
  #status = null;
  /** @type {number | null} */
  #delayMs = null;
  #resume = false;

  constructor() {
    for (const element of [this.#rail, this.#photo, need('wc-garment-show')]) {
      element.catalog = this.#catalog;
    }
    this.#upload.catalog = this.#catalog;
    this.#card.catalog = this.#catalog;
    this.#drop = new PictureDrop(need('#drop-veil'), {
      text: () => this.#dropText(),
      accept: (file) => (this.#onPhoto ? this.#photo.use(file) : this.#upload.send(file)),
    });
    this.#details.source = () => ({
      frames: this.#stage.frames,
      delayMs: this.#delayMs,
      camera: this.#mirror.cameraSettings,
      status: this.#status,
      paused: this.#mirror.paused,
    });
    this.#wire();
  }

  async start() {
    const query = new URLSearchParams(location.search);
    document.documentElement.toggleAttribute('data-embed', query.has('embed'));
    this.#showState(this.#mirror.state);
    await Promise.all([this.#loadGarments(query.get('garment')), this.#readLimits()]);
  }

  destroy() {
    this.#listeners.abort();
    this.#mirror.destroy();
    this.#tabs.destroy();
    this.#drop.destroy();
  }

  /** Empty where nothing can be dropped. */
  #dropText() {
    if (this.#onPhoto) return 'Drop a photo of yourself';
    return this.#upload.hidden ? '' : 'Drop a photo of a garment';
  }

  get #onPhoto() {
    return this.#tabs.selected === 'tab-photo';
  }

  #wire() {
    const { signal } = this.#listeners;
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type,
      /** @type {(event: any) => void} */ handler) => {
      target.addEventListener(type, handler, { signal });
    };
    on(need('#start'), 'click', () => this.#mirror.start());
    on(this.#problem, 'retry', () => this.#retry());
    on(this.#problem, 'photo', () => {
      this.#tabs.select('tab-photo');
      need('#tab-photo').focus(); // the button that was pressed has gone with its panel
    });
    on(this.#controls, 'action', (event) => this.#act(event.detail));
    on(this.#stage, 'dressed', () => { this.#controls.ready = true; });
    on(this.#rail, 'edit', ({ detail }) => this.#card.show(detail));
    on(this.#card, 'close', () => this.#rail.focusOn(this.#card.garment));
    on(this.#mirror, 'state', (event) => this.#showState(event.detail));
    on(this.#mirror, 'status', (event) => this.#showStatus(event.detail));
    on(this.#mirror, 'trouble', ({ detail }) => this.#trouble(detail));
    on(this.#mirror, 'delay', (event) => { this.#delayMs = event.detail; });
    on(this.#tabs, 'change', () => this.#followTab());
    on(document, 'keydown', (event) => this.#key(event));
    followHost((garment) => this.#catalog.select(garment), signal);
  }

  /** @param {string | null} preferred */
  async #loadGarments(preferred) {
    const { signal } = this.#listeners;
    await this.#catalog.keepLoading(preferred, signal, (trouble) => { this.#rail.note = trouble; });
    this.#rail.note = this.#catalog.garments.length ? '' : 'No garments yet. Add your own.';
  }

  async #readLimits() {
    try {
      const { limits, uploads } = await fetchConfig();
      this.#upload.hidden = uploads === false;
      this.#upload.limitBytes = limits?.uploadBytes ?? Number.POSITIVE_INFINITY;
    } catch {
      // the server checks as well
    }
  }

  /** @param {MirrorState} state */
  #showState(state) {
    const running = RUNNING.includes(state.name);
    const focused = document.activeElement;
    document.documentElement.dataset.mirror = state.name;
    need('#hero').hidden = running || state.name === 'problem';
    this.#controls.hidden = !running;
    this.#details.hidden = !running;
    if (state.name !== 'live') this.#settle();
    this.#showProblem(state);
    this.#showProgress(state);
    // whoever pressed a button that is gone now goes on from the mirror, not from the page's top
    if (focused?.closest('[hidden]')) need('#panel-mirror').focus({ preventScroll: true });
  }

  /** Nothing dressed to show: buttons and comparison back to their start. */
  #settle() {
    this.#status = null;
    this.#delayMs = null;
    this.#stage.compare = 'after';
    Object.assign(this.#controls, {
      ready: false, compare: false, mirrored: this.#mirror.mirrored, paused: this.#mirror.paused,
    });
  }

  /** @param {MirrorState} state */
  #showProblem(state) {
    const queued = state.name === 'waiting' && state.problem === 'full';
    const brief = state.name === 'waiting' && state.seconds < SHORT_WAIT_S && !queued;
    if (state.name === 'problem') this.#problem.show(problem(state.problem, state.detail));
    else if (state.name === 'waiting' && !brief) {
      const detail = state.position ? inLine(state.position) : state.detail;
      this.#problem.show(problem(state.problem, detail), state.seconds);
    } else if (state.name !== 'connecting') this.#problem.hide();
  }

  /** @param {MirrorState} state */
  #showProgress(state) {
    const card = !this.#problem.hidden;
    if (state.name === 'asking') this.#pill.say(PROGRESS.asking);
    else if (state.name === 'connecting') this.#pill.say(card ? null : PROGRESS.connecting);
    else if (state.name === 'waiting') this.#pill.say(card ? null : PROGRESS.reconnecting);
    else this.#pill.say(null);
  }

  /** @param {import('./messages.js').StatusMessage} status */
  #showStatus(status) {
    this.#status = status;
    if (!this.#mirror.paused) this.#pill.follow(hintFor(status));
  }

  /** @param {import('./messages.js').ErrorMessage} trouble */
  #trouble({ code, message }) {
    this.#warn(message);
    if (code === 'garment_unknown') this.#catalog.load().catch(() => {}); // removed meanwhile
  }

  /** @param {string} text */
  #warn(text) {
    this.#pill.say({ text, icon: 'warning' }, TROUBLE_MS);
  }

  #retry() {
    if (this.#mirror.state.name === 'problem') this.#mirror.start();
    else this.#mirror.retryNow();
  }

  /** @param {{name: string, on?: boolean}} action */
  #act({ name, on = false }) {
    if (name === 'before') this.#stage.compare = on ? 'before' : this.#restingView();
    else if (name === 'compare') this.#compare(on);
    else if (name === 'snapshot') this.#takePicture();
    else if (name === 'flip') this.#flip(on);
    else if (name === 'pause') this.#pause(on);
    else if (name === 'fullscreen') this.#fullscreen(on);
    else if (name === 'stop') this.#stop();
  }

  #restingView() {
    return this.#controls.compare ? 'split' : 'after';
  }

  /** @param {boolean} on */
  #compare(on) {
    this.#controls.compare = on;
    this.#stage.compare = this.#restingView();
  }

  #takePicture() {
    try {
      need('wc-snapshot-card').show(this.#stage.capture());
    } catch (error) {
      this.#warn(error.message);
    }
  }

  /** @param {boolean} on */
  #flip(on) {
    this.#mirror.mirrored = on;
    this.#controls.mirrored = on;
  }

  /** @param {boolean} on */
  #pause(on) {
    this.#mirror.paused = on;
    this.#controls.paused = on;
    this.#pill.say(on ? PROGRESS.paused : null);
  }

  /** @param {boolean} on */
  #fullscreen(on) {
    const change = on ? document.documentElement.requestFullscreen() : document.exitFullscreen();
    change.catch(() => {}); // refused by the browser or by the page that embeds this one
  }

  #stop() {
    this.#resume = false;
    this.#mirror.stop();
    need('#start').focus();
  }

  /** A hidden mirror neither films nor computes; it goes on when the shopper comes back. */
  #followTab() {
    if (this.#onPhoto) {
      this.#photo.refresh();
      this.#resume = RUNNING.includes(this.#mirror.state.name);
      this.#mirror.stop();
    } else if (this.#resume) {
      this.#mirror.start();
    }
  }

  /**
   * Arrow keys change the garment wherever they have no other meaning.
   * @param {KeyboardEvent} event
   */
  #key(event) {
    const busy = /** @type {Element} */ (event.target).closest?.(KEYS_OF_ITS_OWN);
    if (busy || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowRight') this.#catalog.step(1);
    else if (event.key === 'ArrowLeft') this.#catalog.step(-1);
  }
}

new ShopperPage().start();
