/** Pictures as canvases: read from files, written as PNG, saved or shared. */

const UPLOAD_PX = 2400; // longer side; the server keeps 1600
const LARGE_BYTES = 1_500_000;
const CAMERA_TYPES = Object.freeze(['image/jpeg', 'image/heic', 'image/heif']);
const REVOKE_AFTER_MS = 60_000; // a download that has not begun by then never will
const CORNER_SAMPLES = 16; // a picture of this side has its ground in the corners
const CLEAR_BELOW = 128; // of 255
const PLAIN_WITHIN = 10; // levels; studio photos fall off a little towards their corners

/**
 * @param {Blob} blob
 * @param {number} [longestPx] larger pictures are made smaller
 * @returns {Promise<HTMLCanvasElement>} upright, whatever the EXIF orientation says
 * @throws {Error} with a sentence for a person when it is not a picture
 */
export async function readPicture(blob, longestPx = Number.POSITIVE_INFINITY) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    throw new Error('This file is not a picture that the browser can read. Use a JPEG or PNG.');
  }
  const scale = Math.min(1, longestPx / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

/**
 * A garment's photo as it is sent: what a phone's camera gives is made smaller first, which also
 * leaves out where it was taken. Others, such as cut-outs with clear parts, go as they are.
 * @param {File} file
 * @returns {Promise<Blob>}
 */
export async function toUpload(file) {
  if (file.size < LARGE_BYTES || !CAMERA_TYPES.includes(file.type)) return file;
  try {
    return await toBlob(await readPicture(file, UPLOAD_PX), 'image/jpeg');
  } catch {
    return file; // this browser cannot read it; the server says what it thinks of it
  }
}

/**
 * Let a garment's picture sit well in its place, once it is loaded: `data-ground` becomes "clear"
 * for a cut-out, "plain" for a picture with one colour around the garment (which is then extended
 * to the whole place), and "photo" for one that had better fill it.
 * @param {HTMLImageElement} image
 */
export function fitToGround(image) {
  image.addEventListener('load', () => {
    const corners = cornerColours(image);
    const clear = corners.every(([, , , alpha]) => alpha < CLEAR_BELOW);
    const plain = corners.every((colour) => colour
      .every((value, channel) => Math.abs(value - corners[0][channel]) <= PLAIN_WITHIN));
    image.dataset.ground = clear ? 'clear' : (plain && 'plain') || 'photo';
    const [red, green, blue] = corners[0];
    image.style.backgroundColor = plain && !clear ? `rgb(${red} ${green} ${blue})` : '';
  });
}

/**
 * @param {HTMLImageElement} image
 * @returns {number[][]} red, green, blue, alpha of each corner, 0..255
 */
function cornerColours(image) {
  const canvas = document.createElement('canvas');
  canvas.width = CORNER_SAMPLES;
  canvas.height = CORNER_SAMPLES;
  const options = { willReadFrequently: true };
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', options));
  context.drawImage(image, 0, 0, CORNER_SAMPLES, CORNER_SAMPLES);
  const far = CORNER_SAMPLES - 1;
  return [[0, 0], [far, 0], [0, far], [far, far]]
    .map(([x, y]) => [...context.getImageData(x, y, 1, 1).data]);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} [type]
 * @returns {Promise<Blob>}
 */
export function toBlob(canvas, type = 'image/png') {
  const quality = 0.93; // of a JPEG; no visible loss and a quarter of the bytes
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture is empty.'))),
      type, quality);
  });
}

/**
 * @param {Blob} blob
 * @param {string} name file name
 */
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER_MS);
}

/** @param {File} file */
export function canShare(file) {
  return Boolean(navigator.canShare?.({ files: [file] }));
}

/**
 * @param {File} file
 * @returns {Promise<void>} also when the shopper thought better of it
 */
export async function share(file) {
  try {
    await navigator.share({ files: [file], title: 'Wearcast' });
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  }
}

/**
 * A file name with the moment in it, so that pictures do not replace each other.
 * @param {Date} [now]
 */
export function pictureName(now = new Date()) {
  const stamp = now.toISOString().slice(0, 19).replace(/[:T]/g, '-');
  return `wearcast-${stamp}.png`;
}
