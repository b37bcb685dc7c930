/** Everything the page says about what goes on, in one place and in plain words. */

/**
 * @typedef {{text: string, icon: string, busy?: boolean}} Hint
 * @typedef {{title: string, text: string, icon: string, action: string, photo?: boolean}} Problem
 *   `photo`: a photo can be dressed all the same
 */

/**
 * What to do when the mirror shows the camera picture untouched; keys are the server's reasons.
 * @type {Readonly<Record<string, Hint>>}
 */
export const HINTS = Object.freeze({
  no_garment: { text: 'Pick something to wear', icon: 'shirt' },
  no_person: { text: 'Step into view', icon: 'person' },
  show_face: { text: 'Let the camera see your face', icon: 'face' },
  step_back: { text: 'Take a step back', icon: 'farther' },
  come_closer: { text: 'Come a little closer', icon: 'closer' },
  turn_to_camera: { text: 'Turn your shoulders to the camera', icon: 'turn' },
  hold_still: { text: 'Hold still for a moment', icon: 'still' },
  settling: { text: 'One moment…', icon: 'clock' },
  worker_error: { text: 'A hiccup on our side. Trying again…', icon: 'refresh' },
});

/** What the mirror itself is doing. */
export const PROGRESS = Object.freeze({
  asking: { text: 'Please allow the camera', icon: 'camera' },
  connecting: { text: 'Connecting…', icon: 'refresh', busy: true },
  reconnecting: { text: 'Reconnecting…', icon: 'refresh', busy: true },
  starting: { text: 'The mirror is warming up…', icon: 'refresh', busy: true },
  paused: { text: 'Paused', icon: 'pause' },
});

/**
 * The hint for a status message, or null when all is well.
 * @param {import('./messages.js').StatusMessage} status
 * @returns {Hint | null}
 */
export function hintFor(status) {
  if (status.state === 'starting') return PROGRESS.starting;
  return HINTS[status.reason ?? ''] ?? null;
}

/**
 * What stopped the mirror, and what the shopper can do about it.
 * @type {Readonly<Record<string, Problem>>}
 */
export const PROBLEMS = Object.freeze({
  denied: {
    title: 'The camera is blocked',
    text: 'Allow the camera for this page: use the camera or lock symbol beside the address, '
      + 'then try again.',
    icon: 'camera',
    action: 'Try again',
    photo: true,
  },
  no_camera: {
    title: 'No camera found',
    text: 'Plug in or switch on a camera, then try again.',
    icon: 'camera',
    action: 'Try again',
    photo: true,
  },
  camera_busy: {
    title: 'The camera is in use',
    text: 'Another app or tab is using it. Close that one, then try again.',
    icon: 'camera',
    action: 'Try again',
    photo: true,
  },
  camera_lost: {
    title: 'The camera stopped',
    text: 'It was unplugged or taken by another app. Connect it again, then restart the mirror.',
    icon: 'camera',
    action: 'Start again',
  },
  insecure: {
    title: 'This address cannot use a camera',
    text: 'Browsers give the camera only to secure pages. Open this page with https:// in front, '
      + 'or as localhost on the computer that serves it.',
    icon: 'lock',
    action: 'Try again',
    photo: true,
  },
  unsupported: {
    title: 'This browser cannot show the mirror',
    text: 'It has no live video. Use a current Chrome, Edge, Firefox or Safari.',
    icon: 'warning',
    action: 'Try again',
  },
  full: {
    title: 'All mirrors are taken',
    text: 'As soon as one is free you are in: we keep trying.',
    icon: 'clock',
    action: 'Try now',
  },
  idle: {
    title: 'The mirror took a break',
    text: 'Nobody was in front of it for a while. Your garment stays picked.',
    icon: 'pause',
    action: 'Go on',
  },
  lost: {
    title: 'The connection was lost',
    text: 'We are getting it back. Your garment stays picked.',
    icon: 'wifi',
    action: 'Try now',
  },
  unreachable: {
    title: 'The server does not answer',
    text: 'Check your network. We keep trying.',
    icon: 'wifi',
    action: 'Try now',
  },
  no_route: {
    title: 'No video connection',
    text: 'The server answers, but video cannot reach it. A firewall or a guest network may block '
      + 'it; another network often helps. We keep trying.',
    icon: 'wifi',
    action: 'Try now',
  },
  refused: {
    title: 'The mirror could not start',
    text: 'The server refused the connection.',
    icon: 'warning',
    action: 'Try again',
  },
});

/**
 * What somebody reads who waits for a free mirror.
 * @param {number} position 1 for the next one
 */
export function inLine(position) {
  return position === 1
    ? 'You are next: as soon as one is free, it is yours.'
    : `You are number ${position} in line. It goes on by itself.`;
}

/** Longest name of a garment, as on the server. */
export const NAME_CHARS = 80;

/** What becomes of a garment's photo. */
export const UPLOAD = Object.freeze({
  waiting: 'Waiting for the photo before it…',
  sending: 'Sending the photo…',
  cutting: 'Cutting the garment out…',
  slow: 'Still cutting it out. Some photos take a while…',
  /** @param {number} bytes */
  tooLarge: (bytes) => `This photo is too large: ${Math.floor(bytes / 1e6)} MB at most.`,
  lower: 'This looks like trousers, a skirt or shorts. Only tops and dresses can be tried on so '
    + 'far, so it was not added.',
  /** @param {string} name */
  done: (name, notice) => [`${name} is ready to wear.`, notice].filter(Boolean).join(' '),
});

/**
 * Why a photo was not dressed; keys are the server's reasons, its sentences are for live pictures.
 * @type {Readonly<Record<string, string>>}
 */
export const PHOTO_TROUBLE = Object.freeze({
  no_person: 'We cannot find a person in this photo. Choose one that shows you from the front, '
    + 'from head to hips.',
  show_face: 'Your face is not in this photo. Choose one that shows you from head to hips.',
  step_back: 'Your shoulders reach out of this photo. Choose one taken from farther away.',
  come_closer: 'You are too small in this photo. Choose one taken from closer, or crop it.',
  turn_to_camera: 'Your shoulders are turned away. Choose a photo that shows you from the front.',
  hold_still: 'Your pose cannot be made out in this photo. Choose another one.',
  settling: 'Your pose cannot be made out in this photo. Choose another one.',
  worker_error: 'Something went wrong on our side. Try again.',
});

/** What becomes of the camera's picture; the pages say it before they start as well. */
export const PRIVACY = 'Your camera picture is never stored or sent on.';

/** What a look is called in the details. */
export const LOOKS = Object.freeze({
  photo: 'From its photo',
  neural: 'Rendered for you',
  none: 'None',
});

/**
 * @param {string} code a key of {@link PROBLEMS}
 * @param {string} [detail] the server's own sentence, shown instead of ours where it says more
 * @returns {Problem}
 */
export function problem(code, detail) {
  const known = PROBLEMS[code] ?? PROBLEMS.refused;
  return detail ? { ...known, text: detail } : known;
}

/**
 * A garment's name from its file: "IMG_2031.JPG" says nothing, "blue-shirt.png" does.
 * @param {string} fileName
 * @returns {string}
 */
export function garmentName(fileName) {
  const words = fileName.replace(/\.[^.]*$/, '').replace(/[_-]+/g, ' ').trim();
  const numbered = /^(img|dsc|pxl|image|photo|screenshot|whatsapp|file)?[\s\d()x.:]*$/i.test(words);
  if (!words || numbered || words.length > 40) return 'My garment';
  return words[0].toUpperCase() + words.slice(1);
}
