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
 * It is as wide as its container and 3 : 4, but never taller than the window. Size it with CSS like
 * any block: `wearcast-mirror { max-width: 480px; margin-inline: auto }`, or give it a height of
 * its own, `height: 640px`, or `height: 100%` in a container that has one. Below 860 px of width
 * the garments are under the mirror, above beside it.
 *
 * The server must list this site under `allowed_origins`, which puts it into `frame-ancestors` of
 * its pages; this site must be served over https (or localhost), must not forbid the camera in its
 * own Permissions-Policy, and needs the server under `frame-src` and `script-src` if it has a
 * Content-Security-Policy. Where the mirror does not come, a sentence in its place says so.
 * The camera question of the browser appears when the shopper presses "Start mirror", never before.
 */

const STYLE = `
  :host {
    position: relative; display: block; box-sizing: border-box; overflow: hidden;
    width: 100%; min-width: min(280px, 100%); max-height: 100vh; max-height: 100dvh;
    aspect-ratio: 3 / 4;
  }
  :host([hidden]), [hidden] { display: none !important; }
  iframe { display: block; width: 100%; height: 100%; border: 0; border-radius: inherit; }
  .absent {
    position: absolute; inset: 0; display: grid; align-content: center; justify-items: center;
    gap: 12px; padding: 24px; overflow: auto; border: 1px solid #ddd4c8; box-sizing: border-box;
    border-radius: inherit; background: #fffdfa; color: #211b16; text-align: center;
    font: 16px/1.5 system-ui, sans-serif;
  }
  .absent p { max-width: 44ch; margin: 0; overflow-wrap: anywhere; }
  .absent p:first-child { font-size: 1.25rem; }
  .absent .owner { color: #62574d; font-size: .9rem; }
  .absent button {
    min-height: 44px; padding: 0 1.2em; border: 0; border-radius: 999px; background: #8f4329;
    color: #fffaf4; font: 600 1em/1 system-ui, sans-serif; cursor: pointer;
  }
  .absent button:focus-visible { outline: 3px solid #8f4329; outline-offset: 3px; }
`;
const HELLO = 'wearcast:hello';
const TOKEN_WANTED = 'wearcast:token-wanted';
const FEATURES = 'camera; fullscreen; autoplay';
const SCRIPT_ORIGIN = new URL(import.meta.url).origin;
const LOAD_PATIENCE_MS = 15_000; // for a page that has not loaded at all
// once the frame has loaded something: in place of a page that must not be framed, browsers show one
// of their own, and tell nobody
const HELLO_PATIENCE_MS = 2000;

const WORDS = Object.freeze({
  absent: 'The mirror cannot be shown here.',
  again: 'Try again',
});

/**
 * What the one who runs this site can do; it names nothing but the two addresses they know.
 * @param {string} server
 */
function ownerWords(server) {
  if (location.origin === 'null') return 'It works on pages served over https, not in files.';
  return `If this is your site: ${location.origin} must be listed under allowed_origins of the `
    + `Wearcast server ${server}, and that server must be running.`;
}

class WearcastMirror extends HTMLElement {
  static observedAttributes = ['server', 'garment', 'token', 'title'];

  #frame = document.createElement('iframe');
  #absent = document.createElement('div');
  #loaded = false;
  #present = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  /** What the mirror in the frame knows.
   * @type {{garment: string | null, token: string | null}} */
  #known = { garment: null, token: null };
  #hear = (/** @type {MessageEvent} */ event) => {
    const fromMirror = event.source === this.#frame.contentWindow && event.origin === this.#server;
    if (fromMirror && event.data?.type === TOKEN_WANTED) this.dispatchEvent(new Event('tokenwanted'));
    if (fromMirror && event.data?.type === HELLO) this.#greet();
  };

  constructor() {
    super();
    this.#frame.addEventListener('load', () => {
      if (!this.#frame.src) return; // the empty page that a frame begins with
      this.#update();
      if (!this.#present) this.#expectHello(HELLO_PATIENCE_MS);
    });
    this.#absent.className = 'absent';
    this.#absent.hidden = true;
    this.#absent.setAttribute('role', 'status');
    const sheet = new CSSStyleSheet(); // allowed under any style-src, unlike a <style> element
    sheet.replaceSync(STYLE);
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sheet];
    root.append(this.#frame, this.#absent);
  }

  connectedCallback() {
    this.#frame.allow = this.#features();
    this.#frame.referrerPolicy = 'no-referrer';
    this.#frame.title = this.title || 'Wearcast mirror';
    window.addEventListener('message', this.#hear); // adding it twice adds it once
    this.#load();
  }

  disconnectedCallback() {
    clearTimeout(this.#patience);
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
    this.#present = false;
    this.#expectHello(LOAD_PATIENCE_MS);
    const address = new URL('/', this.#server);
    address.searchParams.set('embed', '');
    const { garment, token } = this.#wishes;
    if (garment) address.searchParams.set('garment', garment);
    // after the #, which browsers neither send nor log
    if (token) address.hash = new URLSearchParams({ token }).toString();
    this.#known = { garment, token };
    this.#frame.src = address.href;
  }

  /** @param {number} milliseconds for the mirror to be there */
  #expectHello(milliseconds) {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#apologise(), milliseconds);
  }

  #greet() {
    clearTimeout(this.#patience);
    this.#present = true;
    this.#absent.hidden = true;
    this.#frame.hidden = false;
  }

  #apologise() {
    const lines = [WORDS.absent, ownerWords(this.#server)].map((text, i) => {
      const line = document.createElement('p');
      line.className = i ? 'owner' : '';
      line.textContent = text;
      return line;
    });
    const again = document.createElement('button');
    again.type = 'button';
    again.textContent = WORDS.again;
    again.onclick = () => {
      this.#frame.removeAttribute('src'); // or the same address would be no change
      this.#load();
    };
    this.#absent.replaceChildren(...lines, again);
    this.#absent.hidden = false;
    this.#frame.hidden = true; // it goes on loading, and comes back if it does greet
  }

  get #wishes() {
    return { garment: this.getAttribute('garment'), token: this.getAttribute('token') };
  }

  /** Tell the mirror what has changed since it last heard of it. */
  #update() {
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
