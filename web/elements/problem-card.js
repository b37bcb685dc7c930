import { h } from '../dom.js';

/**
 * `<wc-problem-card>`: what went wrong and what to do, over the mirror. Dispatches `retry` when the
 * button is pressed, and `photo` when the other one is: it is there where a camera is missing.
 */
export class ProblemCard extends HTMLElement {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #icon = h('wc-icon', { name: 'warning' });
  #title = h('h2', {});
  #text = h('p', {});
  // counts down once a second, which nobody wants read out
  #countdown = h('p', { class: 'problem-countdown', 'aria-hidden': 'true' });
  #button = h('button', { type: 'button', class: 'button primary' });
  #photo = h('button', { type: 'button', class: 'button quiet' }, 'Dress a photo instead');

  connectedCallback() {
    this.hidden = true;
    this.setAttribute('role', 'alert');
    this.#button.onclick = () => this.dispatchEvent(new Event('retry'));
    this.#photo.onclick = () => this.dispatchEvent(new Event('photo'));
    this.replaceChildren(h('div', { class: 'problem' },
      h('span', { class: 'problem-icon' }, this.#icon),
      this.#title, this.#text, this.#countdown,
      h('div', { class: 'problem-actions' }, this.#button, this.#photo)));
  }

  disconnectedCallback() {
    this.destroy();
  }

  destroy() {
    clearInterval(this.#timer);
  }

  /**
   * @param {import('../words.js').Problem} problem
   * @param {number} [seconds] until the next attempt by itself
   */
  show(problem, seconds) {
    clearInterval(this.#timer);
    this.#icon.setAttribute('name', problem.icon);
    const said = this.#title.textContent === problem.title
      && this.#text.textContent === problem.text;
    if (this.hidden || !said) { // what was read out already is not read out again
      this.#title.textContent = problem.title;
      this.#text.textContent = problem.text;
      this.#button.textContent = problem.action;
    }
    this.#photo.hidden = !problem.photo;
    this.#countDown(seconds);
    this.hidden = false;
  }

  hide() {
    clearInterval(this.#timer);
    this.hidden = true;
  }

  /** @param {number} [seconds] */
  #countDown(seconds) {
    this.#countdown.hidden = seconds === undefined;
    if (seconds === undefined) return;
    const end = performance.now() + seconds * 1000;
    const write = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      this.#countdown.textContent = left ? `Trying again in ${left} s` : 'Trying again…';
    };
    write();
    this.#timer = setInterval(write, 500);
  }
}

customElements.define('wc-problem-card', ProblemCard);
