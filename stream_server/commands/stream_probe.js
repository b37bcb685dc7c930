// Injected before the page by `wearcast bench stream`: watches the camera and the picture that
// comes back through the same eyes as the shopper, without knowing anything of the page.
(() => {
  const CELLS = 18; // marker, 12 bits, 4 bits of checksum, marker: see frame_code.py
  const GRID_W = 16;
  const GRID_H = 12;
  const probe = { local: [], remote: [], control: null, started: performance.now() };
  window.__probe = probe;

  /** Reads the burnt-in number from the strip on top; null while it cannot be read. */
  function readCode(context, width, flipped) {
    const row = context.getImageData(0, 0, width, 1).data;
    const cell = width / 20;
    const bits = [];
    for (let i = 0; i < CELLS; i += 1) {
      const at = Math.floor((1 + i + 0.5) * cell);
      const x = flipped ? width - 1 - at : at;
      bits.push(row[4 * x + 1] > 128 ? 1 : 0);
    }
    if (bits[0] !== 1 || bits[CELLS - 1] !== 0) return null;
    const value = bits.slice(1, -1).reduce((sum, bit) => sum * 2 + bit, 0);
    const number = value >> 4;
    const check = (number ^ (number >> 4) ^ (number >> 8)) & 15;
    return check === (value & 15) ? number : null;
  }

  function watch(stream, name) {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    const strip = new OffscreenCanvas(320, 1).getContext("2d", { willReadFrequently: true });
    const grid = new OffscreenCanvas(GRID_W, GRID_H).getContext("2d", { willReadFrequently: true });
    const look = () => {
      const t = performance.now();
      const { videoWidth: w, videoHeight: h } = video;
      strip.drawImage(video, 0, h / 24, w, 1, 0, 0, 320, 1);
      const code = readCode(strip, 320, false) ?? readCode(strip, 320, true);
      grid.drawImage(video, 0, 0, GRID_W, GRID_H);
      const pixels = grid.getImageData(0, 0, GRID_W, GRID_H).data;
      const light = [];
      for (let i = 0; i < pixels.length; i += 4) light.push(pixels[i + 1]);
      probe[name].push({ t, code, light, w, h });
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
