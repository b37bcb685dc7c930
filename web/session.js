/** A mirror session that stays: it connects, and connects again, until it is destroyed. */

import { ApiError, fetchConfig } from './api.js';
import { Connection, ConnectionLost } from './connection.js';
import { mirror, pause, select } from './messages.js';

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 15;
const DEFAULT_FULL_WAIT_S = 5;
const STABLE_MS = 5000; // a connection that lasted this long starts the waiting times afresh
const RESTARTING = Object.freeze(['starting', 'ending', 'broken']);
const FRESH_MS = 3_600_000; // passwords for TURN servers expire; a page may stay open for days
const FOR_GOOD = Object.freeze(['idle']); // only the shopper begins again
const HTTP_TOO_MANY = 429;
const HTTP_UNAVAILABLE = 503;

/**
 * @typedef {{name: 'connecting'} | {name: 'live'}
 *   | {name: 'waiting', problem: string, seconds: number, detail?: string, position?: number}
 *   | {name: 'failed', problem: string, detail?: string}} SessionState
 */

/**
 * Longer and longer, never in step with other clients that lost the same server.
 * @param {number} attempt 0 for the first
 * @returns {number} seconds
 */
export function backoffSeconds(attempt) {
  const wait = Math.min(FIRST_WAIT_S * 2 ** attempt, LONGEST_WAIT_S);
  return wait * (0.5 + Math.random());
}

/**
 * Dispatches `state` (detail: {@link SessionState}), `stream`, `message` and `delay` as
 * {@link Connection} does. The picked garment, the mirroring and the pause survive a reconnect.
 */
export class MirrorSession extends EventTarget {
  #ice;
  #iceAt = performance.now();
  #stream;
  /** @type {string | undefined} our place in the line of a full server */
  #ticket;
  #garment;
  #mirrored;
  #paused = false;
  #ended = false;
  #attempt = 0;
  /** @type {Connection | null} */
  #connection = null;
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {{stream: MediaStream, iceServers: RTCIceServer[], garment: string | null,
   *   mirrored: boolean, iceTransportPolicy?: RTCIceTransportPolicy}} options
   */
  constructor({ stream, iceServers, garment, mirrored, iceTransportPolicy }) {
    super();
    this.#stream = stream;
    this.#ice = { iceServers, iceTransportPolicy };
    this.#garment = garment;
    this.#mirrored = mirrored;
  }

  /** Run until destroyed or refused for good. */
  async run() {
    while (!this.#ended) {
      const next = await this.#connectOnce();
      if (this.#ended) return;
      this.#announce(next);
      if (next.name !== 'waiting') return;
      await this.#sleep(next.seconds);
    }
  }

  /** @param {string} garment */
  select(garment) {
    this.#garment = garment;
    this.#connection?.send(select(garment));
  }

  /** @param {boolean} on */
  setMirrored(on) {
    this.#mirrored = on;
    this.#connection?.send(mirror(on));
  }

  /** @param {boolean} on */
  setPaused(on) {
    if (on === this.#paused) return;
    this.#paused = on;
    this.#connection?.expectFrames(!on);
    this.#connection?.send(pause(on));
  }

  /** Do not wait any longer for the next attempt. */
  retryNow() {
    this.#wake();
  }

  /** Close for good and tell the server. */
  destroy() {
    this.#ended = true;
    this.#connection?.close();
    this.#wake();
  }

  /** @returns {Promise<SessionState>} what comes after this connection */
  async #connectOnce() {
    this.#announce({ name: 'connecting' });
    await this.#refreshIce();
    if (this.#ended) return { name: 'connecting' };
    const connection = new Connection(
      this.#stream, this.#ice.iceServers, this.#ice.iceTransportPolicy,
    );
    this.#connection = connection;
    for (const type of ['stream', 'message', 'delay']) {
      connection.addEventListener(type, (event) => this.#forward(event));
    }
    const offered = { garment: this.#garment, mirror: this.#mirrored };
    try {
      await connection.open({ ...offered, ticket: this.#ticket });
      this.#ticket = undefined;
      return await this.#live(connection, offered);
    } catch (error) {
      return this.#afterFailure(error);
    } finally {
      connection.close();
      this.#connection = null;
    }
  }

  /**
   * @param {Connection} connection
   * @param {{garment: string | null, mirror: boolean}} offered what the server already knows
   * @returns {Promise<SessionState>}
   */
  async #live(connection, offered) {
    const since = performance.now();
    this.#catchUp(connection, offered);
    this.#announce({ name: 'live' });
    const code = await connection.lost;
    if (performance.now() - since > STABLE_MS) this.#attempt = 0;
    if (FOR_GOOD.includes(code)) return { name: 'failed', problem: code };
    return this.#waiting(code);
  }

  /** Ask for the servers' passwords anew when they are old, or were never had. */
  async #refreshIce() {
    const old = performance.now() - this.#iceAt > FRESH_MS;
    if (!old && this.#ice.iceTransportPolicy) return;
    try {
      this.#ice = await fetchConfig();
      this.#iceAt = performance.now();
    } catch {
      // the offer that follows meets the same server, and says what is wrong
    }
  }

  /**
   * Say what changed while the offer was under way.
   * @param {Connection} connection
   * @param {{garment: string | null, mirror: boolean}} offered
   */
  #catchUp(connection, offered) {
    if (this.#garment && this.#garment !== offered.garment) connection.send(select(this.#garment));
    if (this.#mirrored !== offered.mirror) connection.send(mirror(this.#mirrored));
    connection.expectFrames(!this.#paused);
    if (this.#paused) connection.send(pause(true));
  }

  /**
   * @param {unknown} error
   * @returns {SessionState}
   */
  #afterFailure(error) {
    if (error instanceof ConnectionLost) return this.#waiting(error.code);
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 'garment_unknown' && this.#garment) {
      this.#garment = null; // removed from the catalogue meanwhile; the mirror goes on without
      return { name: 'waiting', problem: 'lost', seconds: 0 };
    }
    if ([HTTP_TOO_MANY, HTTP_UNAVAILABLE].includes(error.status)) {
      const problem = RESTARTING.includes(error.code) ? 'lost' : 'full';
      const seconds = error.retryAfterSeconds ?? DEFAULT_FULL_WAIT_S;
      this.#ticket = error.queue?.ticket;
      const told = problem === 'full' && { detail: error.message, position: error.queue?.position };
      return { name: 'waiting', problem, seconds, ...told };
    }
    if (error.status === 0) return this.#waiting('unreachable');
    if (error.status >= 500) return this.#waiting('lost');
    return { name: 'failed', problem: 'refused', detail: error.message };
  }

  /**
   * @param {string} problem
   * @returns {SessionState}
   */
  #waiting(problem) {
    const seconds = backoffSeconds(this.#attempt);
    this.#attempt += 1;
    return { name: 'waiting', problem, seconds };
  }

  /** @param {number} seconds */
  #sleep(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), seconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /** @param {SessionState} state */
  #announce(state) {
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  /** @param {any} event a CustomEvent */
  #forward(event) {
    if (!this.#ended) this.dispatchEvent(new CustomEvent(event.type, { detail: event.detail }));
  }
}
