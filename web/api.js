/**
 * The server's HTTP interface. Every failure is an {@link ApiError} with a sentence for a person.
 * @typedef {{id: string, name: string, category: 'upper' | 'dress' | 'lower', sleeves: string,
 *   thumbnail: string, image: string, own?: boolean, notice?: string}} Garment `own`: added here,
 *   for nobody else; `notice`: what who added it should know
 * @typedef {{iceServers: RTCIceServer[], iceTransportPolicy?: RTCIceTransportPolicy,
 *   limits: Record<string, number>, uploads?: boolean, version: string}} ServerConfig
 * @typedef {{ticket: string, position: number}} QueuePlace a place in the line of a full server
 */

import { currentToken, renewToken } from './host.js';

/** An answer that is not a success, or no answer at all (`code` "unreachable", `status` 0). */
export class ApiError extends Error {
  /**
   * @param {string} code the server's stable word for what is wrong
   * @param {string} message a sentence for a person
   * @param {number} status HTTP status
   * @param {number | null} [retryAfterSeconds] when the server says to come back
   * @param {QueuePlace | null} [queue] when it has a line for those who wait
   */
  constructor(code, message, status, retryAfterSeconds = null, queue = null) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
    this.queue = queue;
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
    const { error: { code, message }, queue } = JSON.parse(body);
    return new ApiError(String(code), String(message), status, wait, queue ?? null);
  } catch {
    // a proxy in between answers in its own words
    const message = status === 413 ? 'This file is too large.' : `The server answered ${status}.`;
    return new ApiError(`http_${status}`, message, status, wait);
  }
}

/** @returns {Record<string, string>} headers, where the server asks for a permission */
function permission() {
  const token = currentToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/**
 * Ask, and ask once more when the permission has run out and there is another one.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
async function permitted(ask) {
  try {
    return await ask();
  } catch (error) {
    const refused = error instanceof ApiError && error.code === 'bad_token';
    if (!refused || !(await renewToken())) throw error;
    return ask();
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} a successful answer
 */
function request(path, options) {
  return permitted(() => requestOnce(path, options));
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
async function requestOnce(path, options) {
  let response;
  try {
    const headers = { ...options?.headers, ...permission() };
    response = await fetch(path, { ...options, headers });
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
 * Send a garment photo.
 * @param {Blob} photo
 * @param {string} name what the garment is called
 * @param {{onprogress?: (fraction: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<Garment>}
 */
export function uploadGarment(photo, name, options = {}) {
  const form = new FormData();
  form.append('name', name);
  form.append('image', photo, 'garment');
  return permitted(() => sendForm(form, options));
}

/**
 * XMLHttpRequest, because fetch cannot report the progress of an upload.
 * @param {FormData} form
 * @param {{onprogress?: (fraction: number) => void, signal?: AbortSignal}} options
 * @returns {Promise<Garment>}
 */
function sendForm(form, { onprogress, signal }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('POST', '/api/garments');
    for (const [header, value] of Object.entries(permission())) call.setRequestHeader(header, value);
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

/**
 * @param {string} id
 * @param {string} name
 * @returns {Promise<Garment>}
 */
export async function renameGarment(id, name) {
  const form = new FormData();
  form.append('name', name);
  const path = `/api/garments/${encodeURIComponent(id)}`;
  return (await request(path, { method: 'PATCH', body: form })).json();
}

/** @param {string} id */
export async function deleteGarment(id) {
  await request(`/api/garments/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

/**
 * @param {{sdp: string, garment: string | null, mirror: boolean, ticket?: string}} offer `ticket`
 *   of the line of a full server
 * @param {AbortSignal} [signal]
 * @returns {Promise<{sdp: string, type: 'answer', session: string}>}
 */
export async function sendOffer({ sdp, garment, mirror, ticket }, signal) {
  const given = { ...(garment ? { garment } : {}), ...(ticket ? { ticket } : {}) };
  const body = JSON.stringify({ sdp, type: 'offer', mirror, ...given });
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
