/** A tab list as the ARIA practices describe it: arrow keys move, only the chosen tab is a stop. */
export class Tabs extends EventTarget {
  #listeners = new AbortController();
  #list;

  /** @param {HTMLElement} list with `role="tab"` buttons whose `aria-controls` name the panels */
  constructor(list) {
    super();
    this.#list = list;
    const { signal } = this.#listeners;
    list.addEventListener('click', (event) => {
      const tab = /** @type {Element} */ (event.target).closest('[role="tab"]');
      if (tab) this.select(tab.id);
    }, { signal });
    list.addEventListener('keydown', (event) => this.#key(event), { signal });
  }

  destroy() {
    this.#listeners.abort();
  }

  /** @returns {string} id of the chosen tab */
  get selected() {
    return this.#list.querySelector('[aria-selected="true"]')?.id ?? '';
  }

  /** @param {string} id */
  select(id) {
    if (id === this.selected) return;
    for (const tab of this.#tabs) {
      const chosen = tab.id === id;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute('aria-controls') ?? '');
      if (panel) panel.hidden = !chosen;
    }
    this.dispatchEvent(new Event('change'));
  }

  get #tabs() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll('[role="tab"]')]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const tabs = this.#tabs;
    const at = tabs.findIndex(({ id }) => id === this.selected);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    this.select(next.id);
    next.focus();
    event.preventDefault();
  }
}
