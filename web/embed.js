/**
 * The mirror in another site:
 *
 *     <script type="module" src="https://mirror.example/embed.js"></script>
 *     <wearcast-mirror server="https://mirror.example" garment="breton-stripes"></wearcast-mirror>
 *
 * `server`   address of the Wearcast server; left out, it is where this script came from.
 * `garment`  id in that server's catalogue to begin with; change it at any time and the mirror
 *            follows without reconnecting.
 * `title`    accessible name of the frame.
 *
 * Size it with CSS like any block; it is 3 : 4 unless told otherwise. The server must list this
 * site under `allowed_origins`, which puts it into `frame-ancestors` of its pages; this site must
 * be served over https (or localhost), must not forbid the camera in its own Permissions-Policy,
 * and needs the server under `frame-src` and `script-src` if it has a Content-Security-Policy.
 * The camera question of the browser appears when the shopper presses "Start mirror", never before.
 */

const STYLE = `
  :host { display: block; min-width: 280px; aspect-ratio: 3 / 4; }
  :host([hidden]) { display: none; }
  iframe { display: block; width: 100%; height: 100%; border: 0; border-radius: inherit; }
`;
const FEATURES = 'camera; fullscreen; autoplay';
const SCRIPT_ORIGIN = new URL(import.meta.url).origin;

class WearcastMirror extends HTMLElement {
  static observedAttributes = ['server', 'garment', 'title'];

  #frame = document.createElement('iframe');

  constructor() {
    super();
    const sheet = new CSSStyleSheet(); // allowed under any style-src, unlike a <style> element
    sheet.replaceSync(STYLE);
    const root = this.attachShadow({ mode: 'closed' });
    root.adoptedStyleSheets = [sheet];
    root.append(this.#frame);
  }

  connectedCallback() {
    this.#frame.allow = this.#features();
    this.#frame.referrerPolicy = 'no-referrer';
    this.#frame.title = this.title || 'Wearcast mirror';
    this.#load();
  }

  disconnectedCallback() {
    this.#frame.removeAttribute('src');
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after) return;
    if (name === 'title') this.#frame.title = after || 'Wearcast mirror';
    else if (name === 'server') this.connectedCallback();
    else if (after) this.#select(after);
  }

  /** @returns {string} origin of the server */
  get #server() {
    const given = this.getAttribute('server');
    return given ? new URL(given, document.baseURI).origin : SCRIPT_ORIGIN;
  }

  /** The permissions go to the server's origin alone, wherever the frame may be led. */
  #features() {
    return FEATURES.split('; ').map((feature) => `${feature} ${this.#server}`).join('; ');
  }

  #load() {
    const address = new URL('/', this.#server);
    address.searchParams.set('embed', '');
    const garment = this.getAttribute('garment');
    if (garment) address.searchParams.set('garment', garment);
    this.#frame.src = address.href;
  }

  /** @param {string} garment */
  #select(garment) {
    this.#frame.contentWindow?.postMessage({ type: 'wearcast:select', garment }, this.#server);
  }
}

if (!customElements.get('wearcast-mirror')) { // the script may be there twice
  customElements.define('wearcast-mirror', WearcastMirror);
}
