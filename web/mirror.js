/** Camera + session + stage: the running mirror, the same for the shopper's page and the kiosk. */

import { ApiError, fetchConfig } from './api.js';
import { Camera, CameraError } from './camera.js';
import { MirrorSession } from './session.js';

/**
 * @typedef {{name: 'idle' | 'asking' | 'connecting' | 'live'}
 *   | {name: 'waiting', problem: string, seconds: number, detail?: string, position?: number}
 *   | {name: 'problem', problem: string, detail?: string}} MirrorState
 */

/**
 * Dispatches `state` (detail: {@link MirrorState}), `status` (detail: the server's status message),
 * `trouble` (detail: its error message), `garment` (detail: id that is now worn) and `delay`
 * (detail: round trip, ms).
 */
export class Mirror extends EventTarget {
  #stage;
  #catalog;
  #listeners = new AbortController();
  #mirrored = true;
  #paused = false;
  /** @type {Camera | null} */
  #camera = null;
  /** @type {MirrorSession | null} */
  #session = null;
  /** @type {MirrorState} */
  #state = { name: 'idle' };

  /**
   * @param {import('./elements/mirror-stage.js').MirrorStage} stage
   * @param {import('./catalog.js').Catalog} catalog
   */
  constructor(stage, catalog) {
    super();
    this.#stage = stage;
    this.#catalog = catalog;
    stage.mirrored = true;
    const { signal } = this.#listeners;
    catalog.addEventListener('select', () => this.#wear(), { signal });
    document.addEventListener('visibilitychange', () => this.#followVisibility(), { signal });
    window.addEventListener('online', () => this.retryNow(), { signal });
    window.addEventListener('pagehide', () => this.stop(), { signal });
  }

  /** @returns {MirrorState} */
  get state() {
    return this.#state;
  }

  get mirrored() {
    return this.#mirrored;
  }

  set mirrored(on) {
    this.#mirrored = on;
    this.#stage.mirrored = on;
    this.#session?.setMirrored(on);
  }

  get paused() {
    return this.#paused;
  }

  set paused(on) {
    this.#paused = on;
    this.#stage.frozen = on;
    this.#session?.setPaused(on || document.hidden);
  }

  /** Width, height and rate of the camera, or null while it is off. */
  get cameraSettings() {
    return this.#camera?.track.getSettings() ?? null;
  }

  /** Ask for the camera and connect. Call it from a click: browsers may insist. */
  async start() {
    if (!['idle', 'problem'].includes(this.#state.name)) return;
    this.#become({ name: 'asking' });
    try {
      const camera = await Camera.open();
      if (this.#state.name !== 'asking') {
        camera.destroy(); // stopped while the browser was asking
        return;
      }
      this.#use(camera);
      await this.#connect(camera);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Camera off, session over. */
  stop() {
    this.#release();
    this.#become({ name: 'idle' });
  }

  /** Skip the wait before the next attempt. */
  retryNow() {
    this.#session?.retryNow();
  }

  /** Stop and let go of the page's events. */
  destroy() {
    this.stop();
    this.#listeners.abort();
  }

  /** @param {Camera} camera */
  #use(camera) {
    this.#camera = camera;
    this.paused = false;
    this.#stage.showCamera(camera.stream);
    camera.addEventListener('lost', () => this.#fail(new CameraError('camera_lost')));
    this.#become({ name: 'connecting' });
  }

  /** @param {Camera} camera */
  async #connect(camera) {
    const { iceServers, iceTransportPolicy } = await this.#config();
    if (this.#camera !== camera) return;
    const session = new MirrorSession({
      stream: camera.stream,
      iceServers,
      iceTransportPolicy,
      garment: this.#catalog.selected?.id ?? null,
      mirrored: this.#mirrored,
    });
    this.#session = session;
    session.addEventListener('state', (event) => this.#follow(event.detail));
    session.addEventListener('stream', (event) => this.#stage.showDressed(event.detail));
    session.addEventListener('message', (event) => this.#hear(event.detail));
    session.addEventListener('delay', (event) => this.#emit('delay', event.detail));
    session.setPaused(this.#paused || document.hidden);
    await session.run();
  }

  async #config() {
    try {
      return await fetchConfig();
    } catch (error) {
      // the session says so in its own way, and tries for as long as it takes
      if (error instanceof ApiError && error.status === 0) return { iceServers: [] };
      throw error;
    }
  }

  /** @param {import('./session.js').SessionState} state */
  #follow(state) {
    if (state.name !== 'live') this.#stage.hideDressed();
    if (state.name === 'failed') {
      this.#release();
      this.#become({ ...state, name: 'problem' });
    } else {
      this.#become(state);
    }
  }

  /** @param {import('./messages.js').ServerMessage} message */
  #hear(message) {
    if (message.type === 'status') this.#emit('status', message);
    else if (message.type === 'error') this.#emit('trouble', message);
    else if (message.type === 'ready') this.#emit('garment', message.garment);
  }

  #wear() {
    const garment = this.#catalog.selected;
    if (garment) this.#session?.select(garment.id);
  }

  #followVisibility() {
    this.#session?.setPaused(this.#paused || document.hidden);
    if (document.hidden) return;
    this.retryNow();
    // phones take the camera away from a hidden page without always saying so
    if (this.#camera && !this.#camera.alive) this.#fail(new CameraError('camera_lost'));
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#release();
    if (error instanceof CameraError) {
      this.#become({ name: 'problem', problem: error.code });
    } else if (error instanceof ApiError) {
      this.#become({ name: 'problem', problem: 'refused', detail: error.message });
    } else {
      this.#become({ name: 'problem', problem: 'refused' });
      throw error; // a fault of ours belongs in the console
    }
  }

  #release() {
    this.#session?.destroy();
    this.#session = null;
    this.#camera?.destroy();
    this.#camera = null;
    this.#stage.destroy();
  }

  /** @param {MirrorState} state */
  #become(state) {
    this.#state = state;
    this.#emit('state', state);
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
