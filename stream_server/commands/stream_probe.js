// Injected before the page by `wearcast bench stream`: watches the camera and the picture that
// comes back through the same eyes as the shopper, without knowing anything of the page.
(() => {
  const CELLS = 18; // marker, 12 bits, 4 bits of checksum, marker: see frame_code.py
  const WIDTH = 160; // of the copy that is read: 8 columns a cell, its first row inside the strip
  const HEIGHT = 48;
  const GRID_W = 16;
  const GRID_H = 12;
  const probe = { local: [], remote: [], control: null, started: performance.now() };
  window.__probe = probe;

  /** Reads the burnt-in number from the top row; null while it cannot be read. */
  function readCode(pixels, flipped) {
    const cell = WIDTH / 20;
    const bits = [];
    for (let i = 0; i < CELLS; i += 1) {
      const at = Math.floor((1 + i + 0.5) * cell);
      const x = flipped ? WIDTH - 1 - at : at;
      bits.push(pixels[4 * x + 1] > 128 ? 1 : 0);
    }
    if (bits[0] !== 1 || bits[CELLS - 1] !== 0) return null;
    const value = bits.slice(1, -1).reduce((sum, bit) => sum * 2 + bit, 0);
    const number = value >> 4;
    const check = (number ^ (number >> 4) ^ (number >> 8)) & 15;
    return check === (value & 15) ? number : null;
  }

  /** The mean brightness of each cell of a grid, row by row. */
  function readLight(pixels) {
    const light = new Array(GRID_W * GRID_H).fill(0);
    const cellW = WIDTH / GRID_W;
    const cellH = HEIGHT / GRID_H;
    for (let y = 0; y < HEIGHT; y += 1) {
      for (let x = 0; x < WIDTH; x += 1) {
        const cell = Math.floor(y / cellH) * GRID_W + Math.floor(x / cellW);
        light[cell] += pixels[4 * (y * WIDTH + x) + 1] / (cellW * cellH);
      }
    }
    return light;
  }

  function watch(stream, name) {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    // one small draw a frame: measuring must not cost what is being measured
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingEnabled = false;
    const look = () => {
      const t = performance.now();
      context.drawImage(video, 0, 0, WIDTH, HEIGHT);
      const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
      const code = readCode(data, false) ?? readCode(data, true);
      probe[name].push({ t, code, light: readLight(data), w: video.videoWidth, h: video.videoHeight });
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    video.play();
  }

  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    watch(stream, "local");
    return stream;
  };

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      this.addEventListener("track", (event) => watch(new MediaStream([event.track]), "remote"));
    }

    createDataChannel(label, options) {
      const channel = super.createDataChannel(label, options);
      if (label === "control") probe.control = channel;
      return channel;
    }
  };
})();
