/**
 * The mirror in another site:
 *
 *     <script type="module" src="https://mirror.example/embed.js"></script>
 *     <wearcast-mirror server="https://mirror.example" garment="breton-top"></wearcast-mirror>
 *
 * `server`   address of the Wearcast server; left out, it is where this script came from.
 * `garment`  id in that server's catalogue to begin with; change it at any time and the mirror
 *            follows without reconnecting.
 * `token`    permission, where the server asks for one (`token_secret`); change it at any time.
 * `title`    accessible name of the frame.
 *
 * A permission lives for minutes, a page for hours: whenever the mirror needs another one the
 * element dispatches `tokenwanted`, and goes on as soon as its `token` is set.
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
const TOKEN_WANTED = 'wearcast:token-wanted';
const FEATURES = 'camera; fullscreen; autoplay';
const SCRIPT_ORIGIN = new URL(import.meta.url).origin;

class WearcastMirror extends HTMLElement {
  static observedAttributes = ['server', 'garment', 'token', 'title'];

  #frame = document.createElement('iframe');
  #loaded = false;
  /** What the mirror in the frame knows.
   * @type {{garment: string | null, token: string | null}} */
  #known = { garment: null, token: null };
  #hear = (/** @type {MessageEvent} */ event) => {
    const fromMirror = event.source === this.#frame.contentWindow && event.origin === this.#server;
    if (fromMirror && event.data?.type === TOKEN_WANTED) this.dispatchEvent(new Event('tokenwanted'));
  };

  constructor() {
    super();
    this.#frame.addEventListener('load', () => this.#update());
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
    window.addEventListener('message', this.#hear); // adding it twice adds it once
    this.#load();
  }

  disconnectedCallback() {
    window.removeEventListener('message', this.#hear);
    this.#frame.removeAttribute('src');
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(name, before, after) {
    // the attributes that an element begins with are read when it is connected
    if (!this.#frame.src || before === after) return;
    if (name === 'title') this.#frame.title = after || 'Wearcast mirror';
    else if (name === 'server') this.connectedCallback();
    else if (this.#loaded) this.#update();
  }

  /** @param {string} token the same as the attribute */
  set token(token) {
    this.setAttribute('token', token);
  }

  get token() {
    return this.getAttribute('token') ?? '';
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
    this.#loaded = false;
    const address = new URL('/', this.#server);
    address.searchParams.set('embed', '');
    const { garment, token } = this.#wishes;
    if (garment) address.searchParams.set('garment', garment);
    // after the #, which browsers neither send nor log
    if (token) address.hash = new URLSearchParams({ token }).toString();
    this.#known = { garment, token };
    this.#frame.src = address.href;
  }

  get #wishes() {
    return { garment: this.getAttribute('garment'), token: this.getAttribute('token') };
  }

  /** Tell the mirror what has changed since it last heard of it. */
  #update() {
    if (!this.#frame.src) return; // the empty page that a frame begins with
    this.#loaded = true;
    const { garment, token } = this.#wishes;
    if (token && token !== this.#known.token) this.#tell({ type: 'wearcast:token', token });
    if (garment && garment !== this.#known.garment) this.#tell({ type: 'wearcast:select', garment });
    this.#known = { garment, token };
  }

  /** @param {object} message read by host.js in the frame, and by nobody else */
  #tell(message) {
    this.#frame.contentWindow?.postMessage(message, this.#server);
  }
}

if (!customElements.get('wearcast-mirror')) { // the script may be there twice
  customElements.define('wearcast-mirror', WearcastMirror);
}
