/** The shopper's camera: opened on demand, closed for certain. */

const WIDTH_PX = 640;
const HEIGHT_PX = 480;
const FRAMES_PER_SECOND = 30;

/** @type {MediaTrackConstraints} */
const WISHES = {
  width: { ideal: WIDTH_PX },
  height: { ideal: HEIGHT_PX },
  frameRate: { ideal: FRAMES_PER_SECOND },
  facingMode: 'user',
};

/** Browsers' names for what went wrong, as keys of `PROBLEMS` in words.js. */
const CODES = Object.freeze({
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'no_camera',
  OverconstrainedError: 'no_camera',
  NotReadableError: 'camera_busy',
  AbortError: 'camera_busy',
});

/** The camera cannot be used; `code` is a key of `PROBLEMS`. */
export class CameraError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = 'CameraError';
    this.code = code;
  }
}

/** One open camera. Dispatches `lost` when the device goes away by itself. */
export class Camera extends EventTarget {
  #listeners = new AbortController();

  /** @param {MediaStream} stream */
  constructor(stream) {
    super();
    this.stream = stream;
    [this.track] = stream.getVideoTracks();
    this.track.contentHint = 'motion'; // smooth movement before sharp detail
    this.track.addEventListener('ended', () => this.dispatchEvent(new Event('lost')), {
      signal: this.#listeners.signal,
    });
  }

  /**
   * Ask for the camera; the browser may show its permission question.
   * @returns {Promise<Camera>}
   * @throws {CameraError}
   */
  static async open() {
    if (!window.isSecureContext) throw new CameraError('insecure');
    if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) {
      throw new CameraError('unsupported');
    }
    try {
      return new Camera(await Camera.#request());
    } catch (error) {
      throw new CameraError(CODES[error.name] ?? 'camera_busy');
    }
  }

  static async #request() {
    try {
      return await navigator.mediaDevices.getUserMedia({ video: WISHES, audio: false });
    } catch (error) {
      if (error.name !== 'OverconstrainedError') throw error;
      return navigator.mediaDevices.getUserMedia({ video: true, audio: false });
    }
  }

  /** False once the device was unplugged or taken away. */
  get alive() {
    return this.track.readyState === 'live';
  }

  /** Switch the camera and its light off. */
  destroy() {
    this.#listeners.abort();
    this.stream.getTracks().forEach((track) => track.stop());
  }
}
