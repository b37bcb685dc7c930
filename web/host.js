/**
 * The page that embeds this one (embed.js): it picks garments, and renews the permission where the
 * server asks for one. The permission is kept in the address, which is never sent or logged.
 */

const PATIENCE_MS = 10_000; // for the shop's server to sign another permission

/** @type {Set<(renewed: boolean) => void>} */
const waiting = new Set();

/**
 * @param {MessageEvent} event
 * @returns {{type?: unknown, garment?: unknown, token?: unknown} | null} null from anybody else;
 *   who may embed this page is in its `frame-ancestors`
 */
function fromHost(event) {
  return window.parent !== window && event.source === window.parent ? event.data : null;
}

window.addEventListener('message', (event) => {
  const { type, token } = fromHost(event) ?? {};
  if (type !== 'wearcast:token' || typeof token !== 'string') return;
  history.replaceState(null, '', `#${new URLSearchParams({ token })}`);
  waiting.forEach((resolve) => resolve(true));
  waiting.clear();
});

if (window.parent !== window) window.parent.postMessage({ type: 'wearcast:hello' }, '*'); // it came

/** @returns {string | null} the permission that the shop passed on, `/#token=…` */
export function currentToken() {
  return new URLSearchParams(location.hash.slice(1)).get('token');
}

/**
 * Ask the page around this one for another permission.
 * @returns {Promise<boolean>} whether it gave one
 */
export function renewToken() {
  if (window.parent === window) return Promise.resolve(false);
  return new Promise((resolve) => {
    waiting.add(resolve);
    setTimeout(() => resolve(waiting.delete(resolve) && false), PATIENCE_MS);
    window.parent.postMessage({ type: 'wearcast:token-wanted' }, '*'); // says nothing but that
  });
}

/**
 * @param {(garment: string) => void} pick told the id that the host picks
 * @param {AbortSignal} signal
 */
export function followHost(pick, signal) {
  window.addEventListener('message', (event) => {
    const { type, garment } = fromHost(event) ?? {};
    if (type === 'wearcast:select' && typeof garment === 'string') pick(garment);
  }, { signal });
}
