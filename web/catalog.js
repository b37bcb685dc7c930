/** The garments on offer and the one that is picked. */

import {
  ApiError, deleteGarment, fetchGarments, renameGarment, uploadGarment,
} from './api.js';
import { toUpload } from './picture.js';
import { UPLOAD, garmentName } from './words.js';

/** @typedef {import('./api.js').Garment} Garment */

const OWN_KEY = 'wearcast.own-garments';
const RETRY_S = 4;
const HTTP_NOT_FOUND = 404;

/** @returns {string[]} ids of garments uploaded from this browser */
function readOwn() {
  try {
    const ids = JSON.parse(localStorage.getItem(OWN_KEY) ?? '[]');
    return Array.isArray(ids) ? ids.map(String) : [];
  } catch {
    return []; // storage is switched off; uploads then live as long as the page
  }
}

/** @param {Iterable<string>} ids */
function writeOwn(ids) {
  try {
    localStorage.setItem(OWN_KEY, JSON.stringify([...ids]));
  } catch {
    // see readOwn
  }
}

/**
 * This version cannot dress lower garments, and a tile that does nothing helps nobody.
 * @param {Garment} garment
 */
const isWearable = (garment) => garment.category !== 'lower';

/** Dispatches `change` for another list and `select` (detail: Garment) for another pick. */
export class Catalog extends EventTarget {
  /** @type {Garment[]} those that can be worn, in the order shown */
  garments = [];
  /** @type {Garment | null} */
  selected = null;
  #own = new Set(readOwn());

  /**
   * Fetch the list; keeps the picked garment, or picks the first that can be worn.
   * @param {string | null} [preferred] id to pick instead
   * @param {AbortSignal} [signal]
   */
  async load(preferred = null, signal = undefined) {
    const garments = (await fetchGarments(signal)).filter(isWearable);
    const same = JSON.stringify(garments) === JSON.stringify(this.garments);
    this.garments = garments;
    if (!same) this.#changed();
    const wanted = preferred ?? this.selected?.id;
    const found = this.garments.find(({ id }) => id === wanted);
    this.#pick(found ?? this.garments[0] ?? null);
  }

  /**
   * Load, and load again until it works: a server that just started needs a moment.
   * @param {string | null} preferred
   * @param {AbortSignal} signal
   * @param {(trouble: string) => void} report told after each failure
   */
  async keepLoading(preferred, signal, report) {
    while (!signal.aborted) {
      try {
        return await this.load(preferred, signal);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        report(error.message);
        const seconds = error.retryAfterSeconds ?? RETRY_S;
        await new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
      }
    }
    return undefined;
  }

  /**
   * Whether this browser added it. Servers whose uploads are for everybody do not know.
   * @param {Garment} garment
   */
  owns(garment) {
    return garment.own || this.#own.has(garment.id);
  }

  /** @param {string} id ignored when unknown or already picked */
  select(id) {
    const garment = this.garments.find((candidate) => candidate.id === id);
    if (garment) this.#pick(garment);
  }

  /** @param {1 | -1} step to the next or the previous garment, round and round */
  step(step) {
    const list = this.garments;
    if (!list.length) return;
    const at = list.findIndex(({ id }) => id === this.selected?.id);
    this.#pick(list[(at + step + list.length) % list.length]);
  }

  /**
   * Add the shopper's own garment, and pick it unless another one was picked meanwhile.
   * @param {File} file
   * @param {{onprogress?: (fraction: number) => void, signal?: AbortSignal}} [options]
   * @returns {Promise<Garment>}
   * @throws {Error} with the reason when it is refused, or was not kept because nobody can wear it
   */
  async upload(file, options) {
    const worn = this.selected;
    const photo = await toUpload(file);
    const garment = await uploadGarment(photo, garmentName(file.name), options);
    if (!garment.own) {
      this.#own.add(garment.id);
      writeOwn(this.#own);
    }
    if (!isWearable(garment)) {
      await this.remove(garment.id);
      throw new Error(UPLOAD.lower);
    }
    this.garments = [garment, ...this.garments.filter(({ id }) => id !== garment.id)];
    this.#changed();
    if (this.selected === worn) this.select(garment.id);
    return garment;
  }

  /**
   * Give one's own garment another name.
   * @param {string} id
   * @param {string} name
   */
  async rename(id, name) {
    const renamed = await renameGarment(id, name);
    this.garments = this.garments.map((garment) => (garment.id === id ? renamed : garment));
    if (this.selected?.id === id) this.selected = renamed;
    this.#changed();
  }

  /**
   * Take one's own garment off the server.
   * @param {string} id
   */
  async remove(id) {
    try {
      await deleteGarment(id);
    } catch (error) {
      const gone = error instanceof ApiError && error.status === HTTP_NOT_FOUND;
      if (!gone) throw error;
    }
    this.#own.delete(id);
    writeOwn(this.#own);
    this.garments = this.garments.filter((garment) => garment.id !== id);
    if (this.selected?.id === id) this.#pick(this.garments[0] ?? null);
    this.#changed();
  }

  /** @param {Garment | null} garment */
  #pick(garment) {
    const same = garment?.id === this.selected?.id;
    this.selected = garment; // it may have another name by now
    if (same) return;
    this.dispatchEvent(new CustomEvent('select', { detail: garment }));
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
