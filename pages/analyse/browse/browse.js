// Folders and clips of the machine as a list: Enter opens, the arrows walk, Backspace goes up, typing searches.
//
// The server tells numbers with the names, and is told a number again: no path is ever sent from here.
const SETTLE_MS = 400; // so long after the last letter the search begins
const LOOK_MS = 700; // so long after a list whose lengths are not all known it is asked for again
const SHAPES = {
  folder: 'M2 5a1 1 0 0 1 1-1h5l2 2h7a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z',
  clip: 'M3 4h14v12H3z M8.5 7.5v5l4-2.5z',
};

export default living((root) => new Browse(root));

class Browse {
  constructor(root) {
    this.root = root;
    this.parts = {};
    for (const element of root.querySelectorAll('[data-part]')) this.parts[element.dataset.part] = element;
    const { up, search, forget, list, recent_list } = this.parts;
    up.addEventListener('click', () => this.send('up'));
    forget.addEventListener('click', () => this.send('forget'));
    search.addEventListener('input', () => {
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.find(), SETTLE_MS);
    });
    search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.find();
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        this.rows(list)[0]?.focus();
      }
    });
    for (const each of [list, recent_list]) each.addEventListener('keydown', (event) => this.walked(event, each));
  }

  leave() {
    clearTimeout(this.settling);
    clearTimeout(this.looking);
  }

  send(kind, value = '') {
    this.count = (this.count ?? 0) + 1;
    this.asked = kind;
    this.setTrigger('asked', { kind, value, count: this.count });
  }

  find() {
    clearTimeout(this.settling);
    if (this.parts.search.value.trim() !== this.data.query) this.send('search', this.parts.search.value);
  }

  rows(list) {
    return [...list.querySelectorAll('.row')];
  }

  walked(event, list) {
    const rows = this.rows(list);
    const here = rows.indexOf(event.target.closest('.row'));
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === 'Backspace' && this.data.up) {
      event.preventDefault();
      this.send('up');
    } else if (to === -1) {
      event.preventDefault();
      this.parts.search.focus();
    } else if (to !== undefined && rows[to]) {
      event.preventDefault();
      this.point(rows, rows[to]);
      rows[to].focus();
    }
  }

  // One stop of the Tab key for each list; the arrows move it.
  point(rows, row) {
    for (const each of rows) each.tabIndex = each === row ? 0 : -1;
  }

  update(data, send) {
    const moved = this.data && (this.data.place !== data.place || this.asked === 'enter' || this.asked === 'up');
    this.data = data;
    this.setTrigger = send;
    const { up, place, search, list, note, recent, recent_title, recent_list, kept, forget } = this.parts;
    const { strings } = data;
    const inside = this.root.getRootNode().activeElement?.closest?.('.row, [data-part="up"]');
    up.textContent = strings.up;
    up.hidden = !data.up;
    place.textContent = data.place;
    search.placeholder = strings.search;
    search.setAttribute('aria-label', strings.search);
    if (this.root.getRootNode().activeElement !== search) search.value = data.query;
    list.setAttribute('aria-label', strings.list);
    this.fill(list, data.rows);
    note.textContent = data.rows.length ? (data.more ? strings.more : '') : data.query ? strings.nothing : strings.empty;
    recent.hidden = !data.recent.length;
    recent_title.textContent = strings.recent;
    recent_list.setAttribute('aria-label', strings.recent);
    this.fill(recent_list, data.recent);
    kept.textContent = strings.kept;
    forget.textContent = strings.forget;
    if (moved && inside) (this.rows(list)[0] ?? up).focus({ preventScroll: true });
    this.asked = null;
    clearTimeout(this.looking);
    if (data.looking) this.looking = setTimeout(() => this.send('look'), LOOK_MS);
  }

  fill(list, rows) {
    const text = JSON.stringify(rows);
    if (list.dataset.text === text) return;
    list.dataset.text = text;
    const held = list.contains(this.root.getRootNode().activeElement) && this.root.getRootNode().activeElement.dataset.id;
    list.replaceChildren(...rows.map((row) => this.row(row)));
    const made = this.rows(list);
    const again = made.find((row) => row.dataset.id === held);
    if (made.length) this.point(made, again ?? made[0]);
    again?.focus({ preventScroll: true });
  }

  row(row) {
    const button = made('button', { type: 'button', class: `row${row.folder ? ' folder' : ''}`, 'data-id': row.id });
    button.setAttribute('aria-label', [row.folder ? this.data.strings.folder : '', row.name, row.about].filter(Boolean).join(', '));
    const shape = icon(row.folder ? SHAPES.folder : SHAPES.clip, '0 0 20 20');
    button.append(shape, made('b', {}, row.name), made('small', {}, row.about));
    button.addEventListener('click', () => this.send(row.folder ? 'enter' : 'open', row.id));
    return made('li', {}, button);
  }
}
