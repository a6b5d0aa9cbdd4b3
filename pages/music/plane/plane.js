// Draws the songs on a canvas; the songs themselves are fetched once and kept, a filter is a bit a song.

// Shapes about the origin, in a square of side 2: the same for the points and for the legend.
const SHAPES = {
  circle: 'M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z',
  square: 'M-.85-.85H.85V.85H-.85Z',
  diamond: 'M0-1.1L1.1 0L0 1.1L-1.1 0Z',
  'triangle-up': 'M0-1L1 .8H-1Z',
  'triangle-down': 'M0 1L1-.8H-1Z',
  cross: 'M-.35-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z',
  x: 'M0-.5L.5-1L1-.5L.5 0L1 .5L.5 1L0 .5L-.5 1L-1 .5L-.5 0L-1-.5L-.5-1Z',
  star: 'M0-1.1L.3-.35L1.1-.3L.5 .2L.7 1L0 .55L-.7 1L-.5 .2L-1.1-.3L-.3-.35Z',
};
const EDGE = 1.06; // the plane is drawn a little beyond its ends
const GRID = 1000;
const MANY = 3000; // from so many on, points are smaller
const NEAR_PX = 10;
const LEAST_PX = 5; // a shorter drag is a click

const songs = new Map(); // id to the promise of its table: one fetch for all visits to the page

export default living((root) => new Plane(root));

function load({ id, path, table }) {
  if (!songs.has(id)) {
    const url = location.pathname.replace(/[^/]*$/, '') + path;
    const loading = table
      ? Promise.resolve(table)
      : fetch(url).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText))));
    songs.set(id, loading);
    loading.catch(() => songs.delete(id)); // the next drawing asks again
  }
  return songs.get(id);
}

function bits(text, count) {
  if (text === null) return () => true;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return (i) => i < count && (bytes[i >> 3] >> (i & 7)) & 1;
}

class Plane {
  constructor(root) {
    this.parts = {};
    for (const element of root.querySelectorAll('[data-part]')) this.parts[element.dataset.part] = element;
    this.shown = [];
    this.touch = false;
    const { field, select } = this.parts;
    select.addEventListener('click', () => this.selecting(!this.touch));
    field.addEventListener('pointerdown', (event) => this.press(event));
    field.addEventListener('pointermove', (event) => this.move(event));
    field.addEventListener('pointerup', (event) => this.release(event));
    field.addEventListener('pointercancel', () => this.drop());
    field.addEventListener('pointerleave', () => this.name(null));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(field);
  }

  leave() {
    this.watch.disconnect();
  }

  async update(data, setTriggerValue) {
    this.data = data;
    this.send = setTriggerValue;
    this.say();
    if (!this.down) this.region(data.area);
    const table = await load(data.songs).catch(() => null);
    if (table === null || this.data !== data) return; // newer data came meanwhile
    const chosen = bits(data.keep, table.x.length);
    this.table = table;
    this.shown = table.x.map((_, i) => i).filter(chosen);
    this.draw();
  }

  say() {
    const { field, up, along, legend, select } = this.parts;
    select.textContent = this.data.select;
    field.setAttribute('aria-label', this.data.alt);
    [along.textContent, up.textContent] = this.data.axes;
    legend.replaceChildren(...this.data.emotions.filter((e) => e.count).map(entry));
  }

  // Points -------------------------------------------------------------------------------------

  draw() {
    const { field, canvas } = this.parts;
    const { clientWidth: width, clientHeight: height } = field;
    if (!this.table || !width) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const brush = canvas.getContext('2d');
    const many = this.shown.length > MANY;
    const stamps = this.data.emotions.map((e) => stamp(e, (many ? 2 : 4) * scale, many ? 0.6 : 0.85));
    const { x, y, emotion } = this.table;
    const [across, down] = [canvas.width / 2, canvas.height / 2];
    for (const i of this.shown) {
      const mark = stamps[emotion[i]];
      const left = across * (1 + x[i] / GRID / EDGE) - mark.width / 2;
      const top = down * (1 - y[i] / GRID / EDGE) - mark.height / 2;
      brush.drawImage(mark, Math.round(left), Math.round(top));
    }
    canvas.dataset.points = this.shown.length;
  }

  place(left, top) {
    const { clientWidth: width, clientHeight: height } = this.parts.field;
    return [((2 * left) / width - 1) * EDGE, (1 - (2 * top) / height) * EDGE];
  }

  nearest(left, top) {
    const { clientWidth: width, clientHeight: height } = this.parts.field;
    const [x, y] = this.place(left, top).map((value) => value * GRID);
    const [across, down] = [width / 2 / EDGE / GRID, height / 2 / EDGE / GRID]; // pixels a thousandth
    let best = null;
    let least = NEAR_PX ** 2;
    for (const i of this.shown) {
      const away = ((this.table.x[i] - x) * across) ** 2 + ((this.table.y[i] - y) * down) ** 2;
      if (away < least) [best, least] = [i, away];
    }
    return best;
  }

  name(song, left, top) {
    const { name, field } = this.parts;
    name.hidden = song === null;
    if (song === null) return;
    const title = document.createElement('b');
    title.textContent = this.table.title[song];
    name.replaceChildren(title, this.table.artist[song]);
    const right = left > field.clientWidth / 2;
    name.style.left = right ? '' : `${left + 14}px`;
    name.style.right = right ? `${field.clientWidth - left + 14}px` : '';
    name.style.top = `${Math.max(0, Math.min(top - 12, field.clientHeight - name.offsetHeight))}px`;
  }

  // The region ---------------------------------------------------------------------------------

  within(event) {
    const { field } = this.parts;
    const box = field.getBoundingClientRect();
    const inside = (value, most) => Math.max(0, Math.min(value, most));
    return [
      inside(event.clientX - box.left - field.clientLeft, field.clientWidth),
      inside(event.clientY - box.top - field.clientTop, field.clientHeight),
    ];
  }

  // A finger scrolls the page until it is told to select.
  selecting(on) {
    this.touch = on;
    this.parts.select.setAttribute('aria-pressed', String(on));
    this.parts.plane.classList.toggle('selecting', on);
  }

  press(event) {
    if (event.button !== 0 || (event.pointerType === 'touch' && !this.touch)) return;
    this.parts.field.setPointerCapture(event.pointerId);
    this.down = this.within(event);
    this.name(null);
  }

  move(event) {
    const here = this.within(event);
    if (!this.down) this.name(this.table ? this.nearest(...here) : null, ...here);
    else if (this.dragged(here)) this.region(this.sides(here));
  }

  release(event) {
    const here = this.within(event);
    const sides = this.down && this.dragged(here) ? this.sides(here) : null;
    this.drop();
    if (!sides) return;
    this.region(sides);
    this.selecting(false);
    this.send('area', sides);
  }

  drop() {
    this.down = null;
    this.region(this.data.area);
  }

  dragged([left, top]) {
    return Math.max(Math.abs(left - this.down[0]), Math.abs(top - this.down[1])) >= LEAST_PX;
  }

  sides(here) {
    const [from, to] = [this.place(...this.down), this.place(...here)];
    return [from[0], to[0], from[1], to[1]];
  }

  region(sides) {
    const { region } = this.parts;
    region.hidden = !sides;
    if (!sides) return;
    const percent = (value) => `${(value * 50).toFixed(3)}%`;
    const [left, right] = [Math.min(sides[0], sides[1]) / EDGE + 1, Math.max(sides[0], sides[1]) / EDGE + 1];
    const [top, bottom] = [1 - Math.max(sides[2], sides[3]) / EDGE, 1 - Math.min(sides[2], sides[3]) / EDGE];
    Object.assign(region.style, {
      left: percent(left),
      top: percent(top),
      width: percent(right - left),
      height: percent(bottom - top),
    });
  }
}

// One point of an emotion as a small picture: to stamp it thousands of times is quick, to draw its path is not.
function stamp({ colour, symbol }, radius, opacity) {
  const side = Math.ceil(2.4 * radius);
  const picture = Object.assign(document.createElement('canvas'), { width: side, height: side });
  const brush = picture.getContext('2d');
  brush.translate(side / 2, side / 2);
  brush.scale(radius, radius);
  brush.globalAlpha = opacity;
  brush.fillStyle = colour;
  brush.fill(new Path2D(SHAPES[symbol]));
  return picture;
}

function entry({ name, colour, symbol }) {
  const shape = icon(SHAPES[symbol], '-1.2 -1.2 2.4 2.4');
  shape.firstChild.setAttribute('fill', colour);
  return made('li', {}, shape, name);
}
