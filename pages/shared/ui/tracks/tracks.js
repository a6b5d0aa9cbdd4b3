// A list of music that plays at once: one player for all of it, the curve of each track, and where in it one is.
//
// Rows that stay the same stay as they are, so that what plays goes on. Nothing of a track is loaded before it is asked for.

const SHAPES = { play: 'M5 3l14 9-14 9z', pause: 'M5 3h5v18H5zM14 3h5v18h-5z', fetch: 'M11 3h2v9h4l-5 6-5-6h4zM4 20h16v2H4z' };
const WIDE = 100;
const HIGH = 20;

export default living((root) => new List(root));

const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

class List {
  constructor(root) {
    this.parts = {};
    for (const element of root.querySelectorAll('[data-part]')) this.parts[element.dataset.part] = element;
    this.rows = new Map(); // id to { element, row, button, head, seek, time }
    this.player = new Audio();
    this.player.preload = 'none';
    this.now = null;
    this.waiting = null; // what was asked to be fetched plays when it has come
    for (const kind of ['play', 'playing', 'pause', 'ended']) this.player.addEventListener(kind, () => this.show());
    this.player.addEventListener('playing', () => this.started());
    this.player.addEventListener('timeupdate', () => this.follow());
    this.player.addEventListener('error', () => this.fail());
    // One thing at a time on a page: another list, or the clip, makes this one pause.
    this.onOther = (event) => { if (event.target !== this.player) this.player.pause(); };
    document.addEventListener('play', this.onOther, true);
    this.onList = (event) => { if (event.detail !== this) this.player.pause(); };
    document.addEventListener('moodcue-play', this.onList);
  }

  leave() {
    this.player.pause();
    this.player.removeAttribute('src');
    document.removeEventListener('play', this.onOther, true);
    document.removeEventListener('moodcue-play', this.onList);
  }

  update(data, setTriggerValue) {
    this.data = data;
    this.send = setTriggerValue;
    this.legend();
    const kept = new Map();
    for (const row of data.tracks) {
      const text = JSON.stringify(row);
      const before = this.rows.get(row.id);
      kept.set(row.id, before && before.text === text ? before : this.make(row, text));
    }
    this.rows = kept;
    const elements = [...kept.values()].map((r) => r.element);
    const { list } = this.parts;
    if (elements.length !== list.children.length || elements.some((e, i) => e !== list.children[i])) {
      list.replaceChildren(...elements);
    }
    if (this.now !== null && !kept.has(this.now)) {
      this.player.pause();
      this.now = null;
    }
    this.parts.said.textContent = data.said || '';
    const come = kept.get(this.waiting);
    if (come && come.row.path) {
      this.waiting = null;
      this.play(come.row, 0);
    } else if (this.waiting !== null && data.said) {
      this.waiting = null;
    }
    this.show();
  }

  legend() {
    const { legend } = this.parts;
    if (!this.data.tracks.some((t) => t.curve)) return legend.replaceChildren();
    const sample = (kind, text) => {
      const line = drawn('line', { x1: 0, x2: 32, y1: 6, y2: 6, class: kind });
      return made('span', {}, drawn('svg', { viewBox: '0 0 32 12', 'aria-hidden': 'true' }, line), text);
    };
    const { energy, pleasant, scale } = this.data.strings;
    legend.replaceChildren(sample('energy', energy), sample('pleasant', pleasant), made('span', {}, scale));
  }

  make(row, text) {
    const button = made('button', { type: 'button', class: 'play' });
    button.addEventListener('click', () => this.press(row.id));
    const title = made('b');
    title.textContent = row.title;
    const what = made('div', { class: 'what' }, title, row.artist ? ` · ${row.artist}` : '');
    for (const [kind, said] of [['facts', row.facts], ['licence', row.licence], ['note', row.note]]) {
      if (said) what.append(made('p', { class: kind }, said));
    }
    const element = made('li', { class: 'track', 'data-id': row.id }, button);
    if (row.cover) element.append(made('img', { class: 'cover', src: row.cover, alt: '' }));
    else what.style.gridColumn = '2 / 4';
    element.append(what);
    const made_ = { element, row, text, button };
    if (row.curve || row.path) element.append(this.curve(row, made_));
    return made_;
  }

  curve(row, own) {
    const box = made('div', { class: 'curve' });
    if (row.curve) {
      const svg = drawn('svg', {
        viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': row.alt,
      });
      svg.append(
        drawn('rect', { class: 'frame', width: WIDE, height: HIGH, rx: 0.5 }),
        drawn('line', { class: 'zero', x1: 0, x2: WIDE, y1: HIGH / 2, y2: HIGH / 2 }),
        drawn('polyline', { class: 'pleasant', points: points(row.curve.valence) }),
        drawn('polyline', { class: 'energy', points: points(row.curve.energy) }),
      );
      own.head = drawn('line', { class: 'head', y1: 0, y2: HIGH, x1: 0, x2: 0, visibility: 'hidden' });
      svg.append(own.head);
      svg.addEventListener('click', (event) => {
        const at = svg.getBoundingClientRect();
        if (row.path) this.play(row, ((event.clientX - at.left) / at.width) * (row.duration || 0));
      });
      box.append(svg);
    }
    own.seek = made('input', { type: 'range', min: 0, max: Math.max(1, row.duration || 1), step: 1, value: 0 });
    own.seek.setAttribute('aria-label', `${this.data.strings.place}: ${row.title}`);
    own.seek.addEventListener('input', () => this.play(row, Number(own.seek.value)));
    own.time = made('div', { class: 'time' });
    own.seek.hidden = own.time.hidden = true;
    box.append(own.seek, own.time);
    return box;
  }

  press(id) {
    const { row } = this.rows.get(id);
    if (!row.path) {
      if (!row.fetch) return;
      this.waiting = id;
      this.parts.said.textContent = this.data.strings.fetching;
      this.send('fetch', id);
    } else if (this.now === id && !this.player.paused) {
      this.player.pause();
    } else {
      this.play(row, null);
    }
  }

  play(row, at) {
    document.dispatchEvent(new CustomEvent('moodcue-play', { detail: this }));
    for (const other of document.querySelectorAll('video, audio')) other.pause();
    const source = location.pathname.replace(/[^/]*$/, '') + row.path;
    if (this.now !== row.id) {
      this.now = row.id;
      this.asked = performance.now();
      this.player.src = source;
      at ??= row.start || 0;
    }
    if (at !== null) {
      const go = () => { this.player.currentTime = at; };
      if (this.player.readyState >= 1) go();
      else if (at > 0) this.player.addEventListener('loadedmetadata', go, { once: true });
    }
    this.parts.said.textContent = '';
    this.player.play().catch((error) => { if (error.name !== 'AbortError') this.fail(); });
    this.show();
  }

  fail() {
    if (this.now === null || !this.player.getAttribute('src')) return;
    this.parts.said.textContent = this.data.strings.failed;
    this.player.pause();
    this.show();
  }

  show() {
    for (const [id, own] of this.rows) {
      const now = id === this.now;
      const playing = now && !this.player.paused;
      own.element.classList.toggle('now', now);
      const { strings } = this.data;
      const kind = playing ? 'pause' : own.row.path ? 'play' : 'fetch';
      if (own.kind !== kind) {
        own.kind = kind;
        own.button.replaceChildren(icon(SHAPES[kind]));
      }
      own.button.setAttribute('aria-label', `${strings[kind]}: ${own.row.title}`);
      own.button.title = strings[kind];
      own.button.disabled = !own.row.path && !own.row.fetch;
      if (own.seek) own.seek.hidden = own.time.hidden = !now;
      if (own.head) own.head.setAttribute('visibility', now ? 'visible' : 'hidden');
    }
    this.follow();
  }

  // The browser says so when sound begins to come.
  started() {
    if (!this.asked) return;
    this.parts.tracks.dataset.startedMs = String(Math.round(performance.now() - this.asked));
    this.asked = 0;
  }

  follow() {
    const own = this.rows.get(this.now);
    if (!own || !own.seek) return;
    const whole = Number.isFinite(this.player.duration) ? this.player.duration : own.row.duration || 1;
    const at = this.player.currentTime;
    own.seek.max = String(whole);
    own.seek.value = String(at);
    own.seek.setAttribute('aria-valuetext', `${clock(at)} / ${clock(whole)}`);
    own.time.textContent = `${clock(at)} / ${clock(whole)}`;
    if (own.head) {
      const x = Math.min(WIDE, (at / whole) * WIDE);
      own.head.setAttribute('x1', x);
      own.head.setAttribute('x2', x);
    }
  }
}

// One value lies in the middle of its step; the ends are drawn out to the edges.
function points(values) {
  const y = (v) => (((1 - Math.max(-1, Math.min(1, v))) / 2) * (HIGH - 2) + 1).toFixed(2);
  const step = WIDE / values.length;
  const middle = values.map((v, i) => `${((i + 0.5) * step).toFixed(2)},${y(v)}`);
  return [`0,${y(values[0])}`, ...middle, `${WIDE},${y(values[values.length - 1])}`].join(' ');
}
