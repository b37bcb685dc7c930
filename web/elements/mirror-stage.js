import { h } from '../dom.js';

const NO_PICTURE = 'There is no picture to save yet.';

/**
 * `<wc-mirror-stage>`: the camera picture and, as soon as its first frame is there, the dressed
 * picture over it. Dispatches `dressed` when the dressed picture becomes visible.
 */
export class MirrorStage extends HTMLElement {
  #camera = /** @type {HTMLVideoElement} */ (h('video', {
    class: 'stage-camera', 'data-side': 'before', muted: true, playsinline: true, autoplay: true,
    'aria-label': 'Your camera, undressed', disablepictureinpicture: true,
  }));
  #dressed = /** @type {HTMLVideoElement} */ (h('video', {
    class: 'stage-dressed', 'data-side': 'after', muted: true, playsinline: true, autoplay: true,
    'aria-label': 'You, wearing the picked garment', disablepictureinpicture: true,
  }));
  /** @type {import('./compare.js').Compare} */
  #compare = /** @type {any} */ (h('wc-compare', {}, this.#camera, this.#dressed));
  #generation = 0;

  connectedCallback() {
    for (const video of [this.#camera, this.#dressed]) video.muted = true;
    this.replaceChildren(this.#compare);
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    this.#generation += 1;
    this.#camera.srcObject = null;
    this.#dressed.srcObject = null;
    this.removeAttribute('data-camera');
    this.removeAttribute('data-dressed');
  }

  /** @param {MediaStream} stream */
  showCamera(stream) {
    this.#camera.srcObject = stream;
    this.#play(this.#camera);
    this.toggleAttribute('data-camera', true);
  }

  /**
   * Bring the dressed picture in; the camera picture stays until its first frame is there.
   * @param {MediaStream} stream
   */
  showDressed(stream) {
    const generation = ++this.#generation;
    this.#dressed.srcObject = stream;
    this.#play(this.#dressed);
    this.#awaitFirstFrame(generation);
  }

  /** Back to the camera picture, for instance while reconnecting. */
  hideDressed() {
    this.#generation += 1;
    this.removeAttribute('data-dressed');
  }

  /** @param {boolean} on whether the camera picture is shown as in a mirror */
  set mirrored(on) {
    this.toggleAttribute('data-mirrored', on);
  }

  /** @param {boolean} on */
  set frozen(on) {
    this.toggleAttribute('data-frozen', on);
    for (const video of [this.#camera, this.#dressed]) {
      if (on) video.pause();
      else if (video.srcObject) this.#play(video);
    }
  }

  /** @param {import('./compare.js').CompareMode} mode */
  set compare(mode) {
    this.#compare.mode = mode;
  }

  get compare() {
    return this.#compare.mode;
  }

  /** Dressed frames so far; counted by the browser, since a script per frame would cost. */
  get frames() {
    return this.#dressed.getVideoPlaybackQuality().totalVideoFrames;
  }

  /** True while the dressed picture is what the shopper sees. */
  get isDressed() {
    return this.hasAttribute('data-dressed');
  }

  /** Width and height of the dressed picture, px. */
  get size() {
    return { width: this.#dressed.videoWidth, height: this.#dressed.videoHeight };
  }

  /**
   * The dressed picture as it is now.
   * @returns {HTMLCanvasElement}
   */
  capture() {
    const { width, height } = this.size;
    if (!this.isDressed || !width) throw new Error(NO_PICTURE);
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    canvas.getContext('2d')?.drawImage(this.#dressed, 0, 0);
    return canvas;
  }

  /** @param {number} generation */
  #awaitFirstFrame(generation) {
    const onFrame = () => {
      if (generation !== this.#generation || this.isDressed) return;
      this.toggleAttribute('data-dressed', true);
      this.dispatchEvent(new Event('dressed', { bubbles: true }));
    };
    if (this.#dressed.requestVideoFrameCallback) this.#dressed.requestVideoFrameCallback(onFrame);
    else this.#dressed.addEventListener('timeupdate', onFrame, { once: true }); // older Firefox
  }

  /** @param {HTMLVideoElement} video */
  #play(video) {
    if (!this.hasAttribute('data-frozen')) video.play().catch(() => {}); // autoplay covers the rest
  }
}

customElements.define('wc-mirror-stage', MirrorStage);
