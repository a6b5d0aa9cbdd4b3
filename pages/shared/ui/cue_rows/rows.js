// The cues as rows: when, what mood, what music, and songs to choose from and to hear.
//
// A row that says what it said stays the element it was, so that an edit of one cue costs no more in a sheet of an hour
// than in one of half a minute.

const SHAPES = {
  play: 'M6 4l14 8-14 8z',
  pause: 'M6 4h4.5v16H6zM13.5 4H18v16h-4.5z',
  edit: 'M4 16.5V20h3.5L18 9.5 14.5 6zM20.7 6.8a1 1 0 0 0 0-1.4l-2.1-2.1a1 1 0 0 0-1.4 0L15.6 4.9l3.5 3.5z',
  listen: 'M12 3a9 9 0 0 0-9 9v6a3 3 0 0 0 3 3h2v-8H5v-1a7 7 0 0 1 14 0v1h-3v8h2a3 3 0 0 0 3-3v-6a9 9 0 0 0-9-9z',
  close: 'M5 15.5l7-7 7 7-1.5 1.5L12 11.5 6.5 17z',
};
// A cue that is opened goes over to the list above it: the focus goes along.
const shared = { held: null };

export default living((root) => new Rows(root));

class Rows {
  constructor(root) {
    this.root = root;
    this.place = root.querySelector('[data-part=rows]');
    this.said = root.querySelector('[data-part=said]');
    this.rows = new Map(); // id to { element, text }
    this.player = new Audio();
    this.player.preload = 'none';
    for (const kind of ['play', 'pause', 'ended']) this.player.addEventListener(kind, () => this.show());
    this.player.addEventListener('error', () => this.fail());
    this.onOther = (event) => event.target !== this.player && this.player.pause();
    this.onList = (event) => event.detail !== this && this.player.pause();
    document.addEventListener('play', this.onOther, true);
    document.addEventListener('moodcue-play', this.onList);
    this.place.addEventListener('click', (event) => this.pressed(event));
    this.place.addEventListener('change', (event) => event.target.type === 'radio' && this.chosen(event));
    this.place.addEventListener('submit', (event) => this.noted(event));
  }

  leave() {
    this.player.pause();
    this.player.removeAttribute('src');
    document.removeEventListener('play', this.onOther, true);
    document.removeEventListener('moodcue-play', this.onList);
  }

  update(data, send) {
    this.data = data;
    this.setTrigger = send;
    const held = this.focused() ?? shared.held;
    const kept = new Map();
    for (const row of data.rows) {
      const text = JSON.stringify(row);
      const before = this.rows.get(row.id);
      kept.set(row.id, before?.text === text ? before : { element: this.row(row), text });
    }
    for (const [id, old] of this.rows) if (kept.get(id) !== old) old.element.remove();
    this.rows = kept;
    let after = null; // what stays in its place is not touched, and keeps its focus
    for (const { element } of kept.values()) {
      const due = after ? after.nextSibling : this.place.firstChild;
      if (due !== element) this.place.insertBefore(element, due);
      after = element;
    }
    this.give(held);
    if (!data.rows.some((row) => row.songs.some((song) => this.plays(row, song)))) this.player.pause();
    this.show();
  }

  // What has the focus here, as it is found again in a row that is drawn anew.
  focused() {
    const inside = this.root.getRootNode().activeElement;
    const row = inside?.closest?.('.cue');
    return row && this.place.contains(row) ? { cue: row.dataset.cue, key: inside.dataset.key } : null;
  }

  give(held) {
    const row = held && this.rows.get(Number(held.cue));
    if (!row) return;
    shared.held = null;
    const now = this.root.getRootNode().activeElement;
    if (now && now !== document.body && now.dataset?.key === held.key && row.element.contains(now)) return;
    row.element.querySelector(`[data-key="${CSS.escape(held.key)}"]`)?.focus({ preventScroll: true });
  }

  row(row) {
    const { strings } = this.data;
    const element = made('div', { class: `cue${row.open ? ' open' : ''}`, 'data-cue': row.id, role: 'group' });
    element.setAttribute('aria-label', `${row.span} ${row.name}`);
    const head = made('div', { class: 'head' });
    if (this.data.player) {
      const play = made('button', { type: 'button', class: 'play', 'data-key': 'play', 'data-cue-play': row.id });
      play.append(icon(SHAPES.play), row.span);
      play.setAttribute('aria-label', `${strings.play} ${row.span}`);
      head.append(play);
    } else {
      head.append(made('span', {}, row.span));
    }
    const name = made('div', { class: 'name' }, made('b', {}, row.name), row.about ? ` · ${row.about}` : '');
    if (row.state) name.append(made('span', { class: 'state' }, row.state));
    head.append(name);
    if (this.data.editable) {
      const edit = made('button', { type: 'button', class: 'edit', 'data-key': 'edit', 'aria-expanded': row.open });
      edit.append(icon(SHAPES[row.open ? 'close' : 'edit']), row.open ? strings.close : strings.edit);
      edit.setAttribute('aria-label', `${row.open ? strings.close : strings.edit} ${row.span}`);
      head.append(edit);
    }
    element.append(head, made('p', { class: 'says' }, row.says));
    if (row.peaks.length) element.append(this.peaks(row));
    if (row.note) element.append(made('p', { class: 'note' }, row.note));
    if (row.none) element.append(made('p', { class: 'none' }, row.none));
    if (row.songs.length) element.append(this.songs(row));
    for (const note of row.notes) element.append(made('p', { class: 'note' }, note));
    if (this.data.open_to_votes) element.append(this.form());
    return element;
  }

  // A press goes there: the strip hears of it, which knows the player.
  peaks(row) {
    const list = made('div', { class: 'peaks' });
    for (const { at, says, whole } of row.peaks) {
      const moment = made(this.data.player ? 'button' : 'span', { class: 'peak', title: whole, 'data-key': `peak ${at}` }, says);
      if (this.data.player) {
        moment.type = 'button';
        moment.dataset.cueAt = at;
        moment.setAttribute('aria-label', whole);
      }
      list.append(moment);
    }
    return list;
  }

  form() {
    const { strings, longest_note } = this.data;
    const field = made('input', { type: 'text', maxlength: longest_note, placeholder: strings.note, 'data-key': 'note' });
    field.setAttribute('aria-label', strings.note);
    return made('form', { class: 'say' }, field, made('button', { type: 'submit', 'data-key': 'send' }, strings.send));
  }

  songs(row) {
    const group = made('fieldset', {}, made('legend', {}, row.label));
    for (const song of row.songs) {
      const radio = made('input', { type: 'radio', name: `song-${row.id}`, 'data-key': `song ${song.id}`, value: song.id });
      radio.checked = song.id === row.chosen;
      radio.disabled = !this.data.editable && !this.data.open_to_votes;
      const said = made('small', {}, made('b', {}, song.use), ` ${song.why}`);
      const title = made('span', {}, song.title, song.marks ? made('span', { class: 'state' }, song.marks) : '');
      const line = made('div', { class: 'song' }, made('label', {}, radio, title, said));
      if (song.listen) line.append(this.listen(song));
      if (song.path) line.append(made('button', { type: 'button', class: 'hear', 'data-key': `hear ${song.id}`, 'data-hear': song.id }));
      group.append(line);
    }
    return group;
  }

  // What is heard in a player of somebody else's, which is loaded when it is asked for.
  listen(song) {
    const button = made('button', { type: 'button', class: 'hear', 'data-key': `listen ${song.id}`, 'data-listen': song.id });
    button.append(icon(SHAPES.listen));
    button.setAttribute('aria-label', `${this.data.strings.listen} ${song.title}`);
    return button;
  }

  pressed(event) {
    const button = event.target.closest('button');
    const row = button && this.rowOf(button);
    if (!row) return;
    if (button.dataset.hear) return this.hear(row, row.songs.find((s) => s.id === button.dataset.hear));
    const { key, listen } = button.dataset;
    if (key === 'edit' || listen) shared.held = { cue: String(row.id), key };
    if (key === 'edit') this.send('open', row.id);
    if (listen) this.send('listen', row.id, listen);
  }

  noted(event) {
    event.preventDefault();
    const field = event.target.querySelector('input');
    const row = this.rowOf(field);
    if (row && field.value.trim()) this.send('note', row.id, field.value);
  }

  chosen(event) {
    const row = this.rowOf(event.target);
    if (row) this.send('choose', row.id, event.target.value);
  }

  rowOf(element) {
    const id = Number(element.closest('.cue')?.dataset.cue);
    return this.data.rows.find((row) => row.id === id);
  }

  send(kind, cue, value = '') {
    this.count = (this.count ?? 0) + 1;
    this.setTrigger('asked', { kind, cue, value, count: this.count });
  }

  // A song by itself, from where it begins to sound ---------------------------------------------

  hear(row, song) {
    const source = location.pathname.replace(/[^/]*$/, '') + song.path;
    const mine = `${row.id} ${song.id}`;
    if (this.plays(row, song)) return this.player.pause();
    this.said.textContent = '';
    document.dispatchEvent(new CustomEvent('moodcue-play', { detail: this }));
    for (const other of document.querySelectorAll('video, audio')) other.pause();
    if (this.player.dataset.of !== mine) {
      this.player.dataset.of = mine;
      this.player.src = source;
      const at = song.start || 0;
      if (at > 0) this.player.addEventListener('loadedmetadata', () => { this.player.currentTime = at; }, { once: true });
    }
    this.player.play().catch((error) => error.name !== 'AbortError' && this.fail());
    this.show();
  }

  plays(row, song) {
    return this.player.dataset.of === `${row.id} ${song.id}` && !this.player.paused;
  }

  fail() {
    if (!this.player.getAttribute('src')) return;
    this.said.textContent = this.data.strings.failed;
    this.player.pause();
    delete this.player.dataset.of;
    this.show();
  }

  show() {
    const { strings } = this.data;
    for (const row of this.data.rows) {
      for (const song of row.songs) {
        if (!song.path) continue;
        const button = this.rows.get(row.id).element.querySelector(`[data-hear="${CSS.escape(song.id)}"]`);
        const plays = this.plays(row, song);
        const kind = plays ? 'pause' : 'play';
        if (button.dataset.kind === kind) continue;
        button.dataset.kind = kind;
        button.replaceChildren(icon(SHAPES[kind]));
        button.setAttribute('aria-label', `${strings[plays ? 'pause' : 'hear']} ${song.title}`);
      }
    }
  }
}
