/** One WebRTC connection to the server: from an offer until it is closed or found dead. */

import { endSession, sendOffer } from './api.js';
import { BEAT_CHANNEL, CONTROL_CHANNEL, parseMessage, ping } from './messages.js';

const GATHERING_MS = 2000; // candidates that take longer are on networks we do not need
const CONNECT_MS = 15_000;
const BEAT_MS = 1000;
const SILENCE_MS = 5000; // no word from the server for so long: the line is dead
const FROZEN_MS = 10_000; // a line that talks but brings no picture
const ASLEEP_MS = 3 * BEAT_MS; // a beat this late means that this page, not the server, was away
const FAREWELL_MS = 1000;
const MAX_FPS = 30;
const MAX_BITS_PER_SECOND = 1_500_000; // 480p at 30 a second shows no trace of coding then

/** The connection could not be made or is dead; `code` is a key of `PROBLEMS` in words.js. */
export class ConnectionLost extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = 'ConnectionLost';
    this.code = code;
  }
}

/**
 * @param {AbortSignal} signal
 * @param {number} milliseconds
 * @param {(done: () => void) => void} subscribe
 * @returns {Promise<boolean>} false when the time ran out first
 */
function within(signal, milliseconds, subscribe) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    const finish = (/** @type {boolean} */ result) => {
      clearTimeout(timer);
      resolve(result);
    };
    signal.addEventListener('abort', () => finish(false), { once: true });
    subscribe(() => finish(true));
  });
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** VP8 first: the server codes it at a third of the cost of H.264. */
function codecsByPreference() {
  const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
  const isVp8 = (/** @type {RTCRtpCodec} */ codec) => /vp8/i.test(codec.mimeType);
  return [...codecs.filter(isVp8), ...codecs.filter((codec) => !isVp8(codec))];
}

/**
 * Dispatches `stream` (detail: MediaStream of dressed video), `message` (detail: a message of the
 * server) and `delay` (detail: round trip, ms). `lost` settles when the connection is dead.
 */
export class Connection extends EventTarget {
  #peer;
  #control;
  #beat;
  #track;
  #end = new AbortController();
  #session = '';
  #heardAt = 0;
  #pictureAt = 0;
  #frames = 0;
  #beatAt = 0;
  #expectFrames = true;
  /** @type {Promise<void> | null} */
  #closed = null;
  /** @type {(code: string) => void} */
  #declareLost = () => {};

  /**
   * @param {MediaStream} stream the camera
   * @param {RTCIceServer[]} iceServers
   * @param {RTCIceTransportPolicy} [iceTransportPolicy] `relay` hides addresses behind TURN
   */
  constructor(stream, iceServers, iceTransportPolicy = 'all') {
    super();
    [this.#track] = stream.getVideoTracks();
    /** @type {Promise<string>} the reason, a key of `PROBLEMS` */
    this.lost = new Promise((resolve) => { this.#declareLost = resolve; });
    this.#peer = new RTCPeerConnection({
      iceServers, iceTransportPolicy, bundlePolicy: 'max-bundle',
    });
    this.#addVideo(stream);
    this.#control = this.#addChannel(CONTROL_CHANNEL, { ordered: true });
    this.#beat = this.#addChannel(BEAT_CHANNEL, { ordered: false, maxRetransmits: 0 });
    this.#listen('connectionstatechange', () => this.#watchState());
  }

  /**
   * Offer, answer, connected.
   * @param {{garment: string | null, mirror: boolean, ticket?: string}} wishes
   * @throws {ConnectionLost | import('./api.js').ApiError}
   */
  async open(wishes) {
    const { signal } = this.#end;
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    await this.#gathered();
    const { sdp } = /** @type {RTCSessionDescription} */ (this.#peer.localDescription);
    const answer = await sendOffer({ sdp, ...wishes }, signal);
    if (signal.aborted) { // nobody waits for it any more
      endSession(answer.session);
      return;
    }
    this.#session = answer.session;
    await this.#peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    if (!(await this.#connected())) throw new ConnectionLost('no_route');
    await this.setQuality({});
    this.#startBeat();
  }

  /** @param {object} message for the control channel; dropped while it is not open */
  send(message) {
    if (this.#control.readyState === 'open') this.#control.send(JSON.stringify(message));
  }

  /** @param {boolean} expected false while paused: no picture then is no fault */
  expectFrames(expected) {
    this.#expectFrames = expected;
    this.#pictureAt = performance.now();
  }

  /**
   * Bound what the camera sends. The server may ask for less when it or the line is busy.
   * @param {{scale?: number, fps?: number, kbps?: number}} quality `scale` 0.5 halves each side
   */
  async setQuality({ scale = 1, fps = MAX_FPS, kbps = MAX_BITS_PER_SECOND / 1000 }) {
    const sender = this.#peer.getSenders().find(({ track }) => track === this.#track);
    if (!sender) return;
    const parameters = sender.getParameters();
    if (!parameters.encodings?.length) return;
    Object.assign(parameters.encodings[0], {
      maxFramerate: Math.min(fps, MAX_FPS),
      maxBitrate: Math.min(kbps * 1000, MAX_BITS_PER_SECOND),
      scaleResolutionDownBy: 1 / Math.min(Math.max(scale, 0.1), 1),
    });
    await sender.setParameters(parameters).catch(() => {}); // only a wish; stock limits do too
  }

  /** End it and tell the server. Safe to call twice. */
  close() {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close() {
    this.#end.abort();
    this.#declareLost('lost');
    // in this order, or the server would be told of a session that it has just seen end
    if (this.#session) await Promise.race([endSession(this.#session), pause(FAREWELL_MS)]);
    this.#peer.close();
  }

  /** @param {MediaStream} stream */
  #addVideo(stream) {
    const transceiver = this.#peer.addTransceiver(this.#track, {
      direction: 'sendrecv',
      streams: [stream],
    });
    try {
      transceiver.setCodecPreferences?.(codecsByPreference());
    } catch {
      // an older browser wants another list; its own order works as well
    }
    this.#listen('track', (/** @type {RTCTrackEvent} */ event) => {
      preferNewestFrame(event.receiver);
      this.#emit('stream', new MediaStream([event.track]));
    });
  }

  /**
   * @param {string} label
   * @param {RTCDataChannelInit} options
   */
  #addChannel(label, options) {
    const channel = this.#peer.createDataChannel(label, options);
    const { signal } = this.#end;
    channel.addEventListener('message', (event) => this.#receive(event.data), { signal });
    // the first thing to be seen of a server that ends a session: ICE needs many seconds more
    channel.addEventListener('close', () => {
      this.#session = ''; // it ended there: nothing to tell
      this.#declareLost('lost');
    }, { signal });
    return channel;
  }

  /** @param {unknown} data */
  #receive(data) {
    this.#heardAt = performance.now();
    const message = parseMessage(data);
    if (!message) return;
    if (message.type === 'pong') this.#emit('delay', performance.now() - message.t);
    else if (message.type === 'quality') this.setQuality(message);
    else if (message.type === 'reconnect') this.#declareLost('lost');
    else if (message.type === 'bye') this.#declareLost(message.reason);
    else this.#emit('message', message);
  }

  #gathered() {
    return within(this.#end.signal, GATHERING_MS, (done) => {
      const check = () => this.#peer.iceGatheringState === 'complete' && done();
      this.#listen('icegatheringstatechange', check);
      check();
    });
  }

  #connected() {
    return within(this.#end.signal, CONNECT_MS, (done) => {
      const check = () => this.#peer.connectionState === 'connected'
        && this.#control.readyState === 'open' && done();
      this.#listen('connectionstatechange', check);
      this.#control.addEventListener('open', check, { signal: this.#end.signal });
      check();
    });
  }

  #watchState() {
    if (['failed', 'closed'].includes(this.#peer.connectionState)) this.#declareLost('lost');
  }

  #startBeat() {
    const now = performance.now();
    this.#heardAt = now;
    this.#pictureAt = now;
    this.#beatAt = now;
    const timer = setInterval(() => this.#pulse(), BEAT_MS);
    this.#end.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  async #pulse() {
    const now = performance.now();
    if (now - this.#beatAt > ASLEEP_MS) {
      this.#heardAt = now;
      this.#pictureAt = now;
    }
    this.#beatAt = now;
    const channel = this.#beat.readyState === 'open' ? this.#beat : this.#control;
    if (channel.readyState === 'open') channel.send(JSON.stringify(ping(now)));
    if (now - this.#heardAt > SILENCE_MS) this.#declareLost('lost');
    else if (this.#expectFrames && (await this.#frozen(now))) this.#declareLost('lost');
  }

  /** @param {number} now */
  async #frozen(now) {
    const stats = await this.#peer.getStats();
    for (const entry of stats.values()) {
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') continue;
      if (entry.framesDecoded !== this.#frames) this.#pictureAt = now;
      this.#frames = entry.framesDecoded;
    }
    return now - this.#pictureAt > FROZEN_MS;
  }

  /**
   * @param {string} type
   * @param {(event: any) => void} handler
   */
  #listen(type, handler) {
    this.#peer.addEventListener(type, handler, { signal: this.#end.signal });
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * A mirror that lags is no mirror: show each frame as it comes, at the price of an uneven pace.
 * @param {RTCRtpReceiver} receiver
 */
function preferNewestFrame(receiver) {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0;
}
