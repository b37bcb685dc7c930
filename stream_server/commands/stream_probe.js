// Injected before the page by `wearcast bench stream`: watches the camera's frames as they reach
// the browser, and those that come back as the page's own video shows them. It knows nothing of
// the page, and costs little: the brightness is read as it was decoded, nothing is drawn or scaled.
(() => {
  const CELLS = 18; // marker, 12 bits, 4 bits of checksum, marker: see frame_code.py
  const COLUMNS = 20; // of the picture's width; the cells stand in columns 1..18
  const STRIP_MIDDLE = 1 / 24; // of the picture's height
  const GRID_W = 16;
  const GRID_H = 12;
  const STEP = 4; // every so many pixels, both ways, stand for all
  const GREEN = 1; // byte of a pixel that stands for its brightness where there is no luma
  const SEARCH_MS = 10;
  const probe = { local: [], remote: [], control: null, started: performance.now() };
  window.__probe = probe;

  /** A frame's brightness: `at(x, y)`, 0 to 255. The frame is closed. */
  class Brightness {
    #bytes = new Uint8Array(0);
    #layout = [{ offset: 0, stride: 0 }];
    #pixel = 1;

    /** @param {VideoFrame} frame */
    async read(frame) {
      try {
        const { width, height } = frame.visibleRect;
        Object.assign(this, { width, height });
        this.#pixel = /^(RGB|BGR)/.test(frame.format) ? 4 : 1;
        const size = frame.allocationSize();
        if (this.#bytes.length !== size) this.#bytes = new Uint8Array(size);
        this.#layout = await frame.copyTo(this.#bytes);
      } finally {
        frame.close();
      }
    }

    at(x, y) {
      const [{ offset, stride }] = this.#layout;
      const within = this.#pixel === 1 ? 0 : GREEN;
      return this.#bytes[offset + y * stride + x * this.#pixel + within];
    }
  }

  /** Reads the burnt-in number from the top strip; null while it cannot be read. */
  function readCode(picture, flipped) {
    const y = Math.floor(picture.height * STRIP_MIDDLE);
    const bits = [];
    for (let i = 0; i < CELLS; i += 1) {
      const x = Math.floor(((1 + i + 0.5) * picture.width) / COLUMNS);
      bits.push(picture.at(flipped ? picture.width - 1 - x : x, y) > 128 ? 1 : 0);
    }
    if (bits[0] !== 1 || bits[CELLS - 1] !== 0) return null;
    const value = bits.slice(1, -1).reduce((sum, bit) => sum * 2 + bit, 0);
    const number = value >> 4;
    const check = (number ^ (number >> 4) ^ (number >> 8)) & 15;
    return check === (value & 15) ? number : null;
  }

  /** The mean brightness of each cell of a grid, row by row. */
  function readLight(picture) {
    const sums = new Float64Array(GRID_W * GRID_H);
    const counts = new Uint32Array(GRID_W * GRID_H);
    for (let y = 0; y < picture.height; y += STEP) {
      const row = Math.floor((y * GRID_H) / picture.height) * GRID_W;
      for (let x = 0; x < picture.width; x += STEP) {
        const cell = row + Math.floor((x * GRID_W) / picture.width);
        sums[cell] += picture.at(x, y);
        counts[cell] += 1;
      }
    }
    return Array.from(sums, (sum, cell) => sum / counts[cell]);
  }

  /** Notes frames of one kind, in their order. */
  function notes(name) {
    const picture = new Brightness();
    let last = Promise.resolve();
    return (frame, t, presented) => {
      last = last.then(async () => {
        await picture.read(frame);
        const code = readCode(picture, false) ?? readCode(picture, true);
        const { width: w, height: h } = picture;
        probe[name].push({ t, code, light: readLight(picture), w, h, presented });
      });
      return last;
    };
  }

  async function watchCamera(track) {
    const note = notes('local');
    const frames = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { done, value } = await frames.read();
      if (done) return;
      await note(value, performance.now());
    }
  }

  /** @returns {HTMLVideoElement | undefined} the page's own view of a track */
  const viewOf = (track) => [...document.querySelectorAll('video')]
    .find((video) => video.srcObject?.getTracks().includes(track));

  function watchMirror(track) {
    const video = viewOf(track);
    if (!video) {
      setTimeout(watchMirror, SEARCH_MS, track);
      return;
    }
    const note = notes('remote');
    // a page kept busy is not called for every frame; `presentedFrames` counts those in between
    const look = (_now, { presentedFrames }) => {
      note(new VideoFrame(video), performance.now(), presentedFrames);
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    watchCamera(stream.getVideoTracks()[0]);
    return stream;
  };

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      this.addEventListener('track', (event) => setTimeout(watchMirror, 0, event.track));
    }

    createDataChannel(label, options) {
      const channel = super.createDataChannel(label, options);
      if (label === 'control') probe.control = channel;
      return channel;
    }
  };
})();
