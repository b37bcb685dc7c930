/** Pictures as canvases: read from files, written as PNG, saved or shared. */

const REVOKE_AFTER_MS = 60_000; // a download that has not begun by then never will
const CORNER_SAMPLES = 16; // a picture of this side has its ground in the corners

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
 * Mark a picture with `data-cutout` when its ground is clear, so that the style sheet can give it
 * room; a photo with a ground of its own fills its place instead.
 * @param {HTMLImageElement} image
 */
export function markCutout(image) {
  image.addEventListener('load', () => {
    const canvas = document.createElement('canvas');
    canvas.width = CORNER_SAMPLES;
    canvas.height = CORNER_SAMPLES;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) return;
    context.drawImage(image, 0, 0, CORNER_SAMPLES, CORNER_SAMPLES);
    const far = CORNER_SAMPLES - 1;
    const clear = [[0, 0], [far, 0], [0, far], [far, far]]
      .every(([x, y]) => context.getImageData(x, y, 1, 1).data[3] < 128);
    image.toggleAttribute('data-cutout', clear);
  });
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
