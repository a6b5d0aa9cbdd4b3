// The cues as blocks under the player, a line of energy, and edges that can be moved by hand and by key.
//
// What the player does (seek, play a cue) happens here at once; what changes the sheet goes to the server.
const SETTLE_MS = 500; // so long after the last key the new place of an edge is sent

export default living((root) => new Strip(root));

function clock(seconds, tenths = false) {
  const whole = Math.floor(seconds + 1e-6);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = tenths ? `.${Math.floor((seconds - whole + 1e-6) * 10)}` : '';
  const two = (n) => String(n).padStart(2, '0');
  return (hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`) + tail;
}

class Strip {
  constructor(root) {
    this.parts = {};
    for (const element of root.querySelectorAll('[data-part]')) this.parts[element.dataset.part] = element;
    this.until = null; // where a cue that plays ends
    this.onDocument = (event) => this.asked(event);
    this.onLeave = (event) => this.unsaved(event);
    document.addEventListener('click', this.onDocument, true);
    window.addEventListener('beforeunload', this.onLeave);
    this.parts.play.addEventListener('click', () => this.toggle());
    this.parts.split.addEventListener('click', () => this.send('split', this.player()?.currentTime ?? 0));
    this.parts.track.addEventListener('pointerup', (event) => this.seekAt(event));
    this.follow();
  }

  leave() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.settling);
    document.removeEventListener('click', this.onDocument, true);
    window.removeEventListener('beforeunload', this.onLeave);
  }

  player() {
    const key = this.data?.player;
    return key ? document.querySelector(`.st-key-${key} video, .st-key-${key} audio`) : null;
  }

  update(data, send) {
    this.data = data;
    this.setTrigger = send;
    const { blocks, edges, marks, axis, split, play, tools } = this.parts;
    blocks.setAttribute('aria-label', data.strings.group);
    split.textContent = data.strings.split;
    split.hidden = !data.editable;
    tools.hidden = !data.player;
    play.textContent = data.strings.play;
    const held = this.focused();
    blocks.replaceChildren(...data.cues.map((cue) => this.block(cue)));
    edges.replaceChildren(...(data.editable ? data.cues.slice(1).map((cue, i) => this.edge(cue, data.cues[i])) : []));
    marks.replaceChildren(...data.marks.map((mark) => this.mark(mark)));
    axis.replaceChildren(...this.ticks());
    this.energy();
    held?.();
    if (this.data.jump && this.jumped !== data.jump) this.jump(data.jump, data.at);
  }

  // What has the focus is drawn anew with every edit: it gets the focus back.
  focused() {
    const inside = this.parts.track.getRootNode().activeElement;
    const list = inside?.parentElement;
    if (list !== this.parts.blocks && list !== this.parts.edges) return null;
    const place = [...list.children].indexOf(inside);
    return () => list.children[Math.min(place, list.children.length - 1)]?.focus({ preventScroll: true });
  }

  send(kind, value) {
    this.count = (this.count ?? 0) + 1;
    this.setTrigger('edit', { kind, value, count: this.count });
  }

  at(seconds) {
    return `${((100 * seconds) / this.data.duration).toFixed(4)}%`;
  }

  block(cue) {
    const button = document.createElement('button');
    const [name, time] = [document.createElement('b'), document.createElement('small')];
    button.type = 'button';
    button.className = `block${cue.silenced ? ' silenced' : ''}${cue.id === this.data.chosen ? ' chosen' : ''}`;
    button.style.setProperty('--mood', cue.colour);
    button.style.left = this.at(cue.start);
    button.style.width = this.at(cue.end - cue.start);
    button.setAttribute('aria-label', `${clock(cue.start)}-${clock(cue.end)} ${cue.words}`);
    button.title = `${clock(cue.start, true)}-${clock(cue.end, true)} ${cue.words}`;
    name.textContent = cue.short;
    time.textContent = clock(cue.start);
    button.append(name, time);
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      this.seek(cue.start);
      if (this.data.editable) this.send('open', cue.id);
    });
    return button;
  }

  // An edge is a slider: it belongs to the cue that begins there.
  edge(cue, before) {
    const handle = document.createElement('div');
    const [low, high] = [before.start + this.data.shortest, cue.end - this.data.shortest];
    Object.assign(handle, { className: 'edge', tabIndex: 0 });
    handle.setAttribute('role', 'slider');
    handle.setAttribute('aria-label', this.data.strings.edge.replace('{name}', cue.short));
    handle.setAttribute('aria-valuemin', low.toFixed(2));
    handle.setAttribute('aria-valuemax', high.toFixed(2));
    let place = cue.start;
    const show = (seconds) => {
      place = Math.min(Math.max(seconds, low), Math.max(low, high));
      handle.style.left = this.at(place);
      handle.setAttribute('aria-valuenow', place.toFixed(2));
      handle.setAttribute('aria-valuetext', clock(place, true));
    };
    show(cue.start);
    const settle = () => {
      clearTimeout(this.settling);
      if (Math.abs(place - cue.start) > 1e-3) this.send('move', { id: cue.id, time: place });
    };
    handle.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 1 : this.data.frame;
      const by = { ArrowLeft: -step, ArrowRight: step, ArrowDown: -step, ArrowUp: step, PageDown: -5, PageUp: 5 }[event.key];
      if (event.key === 'Enter') return settle();
      if (by === undefined) return;
      event.preventDefault();
      show(place + by);
      this.seek(place);
      clearTimeout(this.settling);
      this.settling = setTimeout(settle, SETTLE_MS);
    });
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      handle.classList.add('held');
      handle.focus();
    });
    handle.addEventListener('pointermove', (event) => {
      if (handle.classList.contains('held')) show(this.timeOf(event));
    });
    handle.addEventListener('pointerup', (event) => {
      event.stopPropagation();
      handle.classList.remove('held');
      this.seek(place);
      settle();
    });
    handle.addEventListener('pointercancel', () => {
      handle.classList.remove('held');
      show(cue.start);
    });
    return handle;
  }

  mark(mark) {
    const line = document.createElement('div');
    line.className = 'mark';
    line.style.left = this.at(mark.time);
    line.title = mark.words;
    return line;
  }

  ticks() {
    const { duration } = this.data;
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800].find((s) => duration / s <= 8) ?? 3600;
    const out = [];
    for (let s = 0; s <= duration - step / 3 || s === 0; s += step) {
      const span = document.createElement('span');
      span.textContent = clock(s);
      span.style.left = this.at(s);
      out.push(span);
    }
    return out;
  }

  energy() {
    const { energy } = this.parts;
    energy.setAttribute('viewBox', `0 -1 ${this.data.duration} 2`);
    const zero = drawn('line', { x1: 0, x2: this.data.duration, y1: 0, y2: 0 });
    const line = (points) => drawn('polyline', { points: points.map(([s, e]) => `${s},${-e}`).join(' ') });
    energy.replaceChildren(zero, ...this.data.energy.map(line));
  }

  // The player ------------------------------------------------------------------------------------

  timeOf(event) {
    const box = this.parts.track.getBoundingClientRect();
    return (Math.min(Math.max(event.clientX - box.left, 0), box.width) / box.width) * this.data.duration;
  }

  seekAt(event) {
    if (event.button !== 0) return;
    const time = this.timeOf(event);
    this.seek(time);
    const cue = this.data.cues.find((c) => time < c.end) ?? this.data.cues.at(-1);
    if (this.data.editable && cue.id !== this.data.chosen) this.send('open', cue.id);
  }

  seek(seconds) {
    const player = this.player();
    this.until = null;
    if (player && Number.isFinite(seconds)) player.currentTime = Math.max(0, seconds);
  }

  jump(count, at) {
    if (!this.player()) return;
    this.jumped = count;
    this.seek(at);
  }

  toggle() {
    const player = this.player();
    this.until = null;
    if (player) player.paused ? player.play() : player.pause();
  }

  // A press on a cue's Play button, or on a moment of it, wherever on the page: the server need not be asked.
  asked(event) {
    const at = event.composedPath().find((e) => e.dataset?.cueAt)?.dataset.cueAt;
    if (at !== undefined) return this.seek(Number(at));
    const id = event.composedPath().find((e) => e.dataset?.cuePlay)?.dataset.cuePlay;
    const cue = id && this.data.cues.find((c) => c.id === Number(id));
    const player = this.player();
    if (!cue || !player) return;
    player.currentTime = cue.start;
    player.play();
    this.until = cue.end;
  }

  follow() {
    const player = this.data && this.player();
    const { head, now, play } = this.parts;
    head.hidden = !player;
    if (player) {
      if (this.until !== null && player.currentTime >= this.until) {
        player.pause();
        this.until = null;
      }
      head.style.left = this.at(Math.min(player.currentTime, this.data.duration));
      const said = clock(player.currentTime, true);
      if (now.textContent !== said) now.textContent = said;
      const label = player.paused ? this.data.strings.play : this.data.strings.pause;
      if (play.textContent !== label) play.textContent = label;
    }
    this.frame = requestAnimationFrame(() => this.follow());
  }

  unsaved(event) {
    if (this.data?.unsaved) event.preventDefault();
  }
}
