/**
 * The control channel: JSON messages, one `type` each.
 * @typedef {{type: 'ready', garment: string | null}} ReadyMessage
 * @typedef {{type: 'status', state?: string, reason: string | null,
 *   look?: 'photo' | 'neural' | 'none', look_age_ms?: number | null, fps?: number, dropped?: number,
 *   stage_ms?: Record<string, number>, trouble?: 'keyframes_failing'}} StatusMessage
 * @typedef {{type: 'error', code: string, message: string}} ErrorMessage
 * @typedef {{type: 'pong', t: number}} PongMessage
 * @typedef {{type: 'quality', scale?: number, fps?: number, kbps?: number,
 *   cause?: 'server' | 'line' | 'none'}} QualityMessage
 * @typedef {{type: 'reconnect'}} ReconnectMessage
 * @typedef {{type: 'bye', reason: string}} ByeMessage
 * @typedef {ReadyMessage | StatusMessage | ErrorMessage | PongMessage | QualityMessage
 *   | ReconnectMessage | ByeMessage} ServerMessage
 */

export const CONTROL_CHANNEL = 'control';
export const BEAT_CHANNEL = 'beat';

/** @param {string} garment */
export const select = (garment) => ({ type: 'select', garment });
/** @param {boolean} on */
export const mirror = (on) => ({ type: 'mirror', on });
/** @param {boolean} on */
export const pause = (on) => ({ type: 'pause', on });
/** @param {number} t milliseconds on the client's own clock; comes back unchanged in `pong` */
export const ping = (t) => ({ type: 'ping', t });

/**
 * Read what the server sent.
 * @param {unknown} text
 * @returns {ServerMessage | null} null for anything that is not a message: a newer server may say
 *   things this page does not know.
 */
export function parseMessage(text) {
  if (typeof text !== 'string') return null;
  try {
    const message = JSON.parse(text);
    return message && typeof message.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
