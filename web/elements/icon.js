import { ICONS } from '../icons.js';

const SVG = 'http://www.w3.org/2000/svg';

/** `<wc-icon name="camera">`: one of `icons.js`, in the colour of the text around it. */
export class Icon extends HTMLElement {
  static observedAttributes = ['name'];

  connectedCallback() {
    this.setAttribute('aria-hidden', 'true');
    this.#draw();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#draw();
  }

  #draw() {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('focusable', 'false');
    for (const shape of ICONS[this.getAttribute('name') ?? ''] ?? []) {
      const path = document.createElementNS(SVG, 'path');
      path.setAttribute('d', shape);
      svg.append(path);
    }
    this.replaceChildren(svg);
  }
}

customElements.define('wc-icon', Icon);
