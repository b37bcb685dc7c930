/**
 * The server's HTTP interface. Every failure is an {@link ApiError} with a sentence for a person.
 * @typedef {{id: string, name: string, category: 'upper' | 'dress' | 'lower', sleeves: string,
 *   thumbnail: string, image: string}} Garment
 * @typedef {{iceServers: RTCIceServer[], limits: Record<string, number>,
 *   version: string}} ServerConfig
 */

/** An answer that is not a success, or no answer at all (`code` "unreachable", `status` 0). */
export class ApiError extends Error {
  /**
   * @param {string} code the server's stable word for what is wrong
   * @param {string} message a sentence for a person
   * @param {number} status HTTP status
   * @param {number | null} [retryAfterSeconds] when the server says to come back
   */
  constructor(code, message, status, retryAfterSeconds = null) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const UNREACHABLE = 'The server does not answer. Check your connection and try again.';

/**
 * @param {number} status
 * @param {string} body
 * @param {string | null} retryAfter
 * @returns {ApiError}
 */
function toApiError(status, body, retryAfter) {
  const seconds = Number.parseInt(retryAfter ?? '', 10);
  const wait = Number.isFinite(seconds) ? seconds : null;
  try {
    const { code, message } = JSON.parse(body).error;
    return new ApiError(String(code), String(message), status, wait);
  } catch {
    // a proxy in between answers in its own words
    const message = status === 413 ? 'This file is too large.' : `The server answered ${status}.`;
    return new ApiError(`http_${status}`, message, status, wait);
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a successful answer
 */
async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('unreachable', UNREACHABLE, 0);
  }
  if (response.ok) return response;
  throw toApiError(response.status, await response.text(), response.headers.get('Retry-After'));
}

/**
 * @param {AbortSignal} [signal]
 * @returns {Promise<ServerConfig>}
 */
export async function fetchConfig(signal) {
  return (await request('/api/config', { signal })).json();
}

/**
 * @param {AbortSignal} [signal]
 * @returns {Promise<Garment[]>}
 */
export async function fetchGarments(signal) {
  return (await request('/api/garments', { signal })).json();
}

/**
 * Send a garment photo; XMLHttpRequest because fetch cannot report the progress of an upload.
 * @param {File} file
 * @param {string} name what the garment is called
 * @param {{onprogress?: (fraction: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<Garment>}
 */
export function uploadGarment(file, name, { onprogress, signal } = {}) {
  const form = new FormData();
  form.append('name', name);
  form.append('image', file, file.name || 'garment');
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('POST', '/api/garments');
    call.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onprogress?.(event.loaded / event.total);
    });
    call.addEventListener('load', () => {
      const { status, responseText } = call;
      if (status >= 200 && status < 300) resolve(JSON.parse(responseText));
      else reject(toApiError(status, responseText, call.getResponseHeader('Retry-After')));
    });
    call.addEventListener('error', () => reject(new ApiError('unreachable', UNREACHABLE, 0)));
    call.addEventListener('abort', () => reject(new DOMException('Cancelled', 'AbortError')));
    signal?.addEventListener('abort', () => call.abort(), { once: true });
    call.send(form);
  });
}

/** @param {string} id */
export async function deleteGarment(id) {
  await request(`/api/garments/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

/**
 * @param {{sdp: string, garment: string | null, mirror: boolean}} offer
 * @param {AbortSignal} [signal]
 * @returns {Promise<{sdp: string, type: 'answer', session: string}>}
 */
export async function sendOffer({ sdp, garment, mirror }, signal) {
  const body = JSON.stringify({ sdp, type: 'offer', mirror, ...(garment ? { garment } : {}) });
  const headers = { 'Content-Type': 'application/json' };
  return (await request('/api/offer', { method: 'POST', headers, body, signal })).json();
}

/**
 * Tell the server that a session is over. Never fails and outlives the page (`keepalive`), because
 * a server that is not told keeps a silent session for half a minute.
 * @param {string} session
 */
export async function endSession(session) {
  const path = `/api/sessions/${encodeURIComponent(session)}`;
  await fetch(path, { method: 'DELETE', keepalive: true }).catch(() => {});
}

/**
 * Dress a photo.
 * @param {Blob} person
 * @param {string} garment id in the catalogue
 * @param {AbortSignal} [signal]
 * @returns {Promise<Blob>} PNG of the size of the person's photo
 */
export async function tryOn(person, garment, signal) {
  const form = new FormData();
  form.append('garment', garment);
  form.append('person', person, 'person');
  return (await request('/api/tryon', { method: 'POST', body: form, signal })).blob();
}
