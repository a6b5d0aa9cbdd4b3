// Music under the player, mixed here: no file is rendered. The server planned what plays when and how loud;
// this follows the player's clock, so that sound and picture stay together after every seek.
const DRIFT_S = 0.025; // further apart than this, the music is set anew
const CHECK_MS = 250;
const AHEAD_S = 0.03; // so far ahead of now a start is scheduled

export default living((root) => new Mixer(root));

class Mixer {
  constructor(root) {
    this.parts = {};
    for (const element of root.querySelectorAll('[data-part]')) this.parts[element.dataset.part] = element;
    this.sounds = new Map(); // address -> promise of a decoded sound
    this.sources = [];
    this.onKey = (event) => this.key(event);
    this.events = { playing: () => this.start(), pause: () => this.stop(), waiting: () => this.stop(),
      seeking: () => this.stop(), seeked: () => this.start(), ended: () => this.stop(), ratechange: () => this.start() };
    document.addEventListener('keydown', this.onKey);
    this.checking = setInterval(() => this.check(), CHECK_MS);
  }

  leave() {
    clearInterval(this.checking);
    document.removeEventListener('keydown', this.onKey);
    this.follow(null);
    this.stop();
    this.context?.close();
  }

  update(data, send) {
    const before = this.data;
    this.data = data;
    this.send = send;
    this.follow(document.querySelector(`.st-key-${data.player} video, .st-key-${data.player} audio`));
    if (!data.choices.some((c) => c.id === this.chosen)) this.chosen = data.chosen;
    this.last ??= data.choices.find((c) => c.id !== this.chosen)?.id;
    this.parts.choices.setAttribute('aria-label', data.strings.group);
    this.parts.hint.textContent = data.strings.hint;
    this.parts.choices.replaceChildren(...data.choices.map((choice, i) => this.button(choice, i)));
    this.draw();
    this.preload();
    if (before && JSON.stringify(before.choices) !== JSON.stringify(data.choices) && this.playing()) this.start();
  }

  button(choice, i) {
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-checked', String(choice.id === this.chosen));
    button.tabIndex = choice.id === this.chosen ? 0 : -1;
    button.dataset.id = choice.id;
    button.append(choice.name);
    const key = document.createElement('kbd');
    key.textContent = String(i);
    button.append(key);
    button.addEventListener('click', () => this.choose(choice.id));
    button.addEventListener('keydown', (event) => this.arrow(event, i));
    return button;
  }

  arrow(event, i) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const n = this.data.choices.length;
    this.choose(this.data.choices[(i + step + n) % n].id);
    this.parts.choices.querySelector('[aria-checked="true"]').focus();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.('input, textarea, select, [contenteditable="true"], [role="slider"]')) return;
    const choice = /^[0-9]$/.test(event.key) ? this.data.choices[Number(event.key)] : undefined;
    if (choice) this.choose(choice.id);
    else if (event.key.toLowerCase() === 'b' && this.last) this.choose(this.last);
  }

  choose(id) {
    if (id === this.chosen) return;
    [this.last, this.chosen] = [this.chosen, id];
    for (const button of this.parts.choices.children) {
      button.setAttribute('aria-checked', String(button.dataset.id === id));
      button.tabIndex = button.dataset.id === id ? 0 : -1;
    }
    this.draw();
    this.preload();
    this.clicked = performance.now();
    if (this.playing()) this.start();
  }

  choice() {
    return this.data.choices.find((c) => c.id === this.chosen);
  }

  draw() {
    const choice = this.choice();
    const seconds = choice?.meter ?? [];
    this.parts.meter.hidden = !seconds.length;
    this.parts.meter.setAttribute('aria-label', choice?.alt ?? '');
    this.parts.meter.replaceChildren(...seconds.map((under) => {
      const bar = document.createElement('span');
      if (under !== null) {
        const level = document.createElement('i');
        level.style.height = `${Math.max(6, Math.min(100, (100 * under) / (2 * this.data.wanted)))}%`;
        bar.append(level);
        bar.classList.toggle('critical', under < this.data.wanted - this.data.missed);
      }
      return bar;
    }));
    this.parts.state.textContent = choice?.note ?? '';
  }

  // What a press would need is loaded before it: all of the choice that plays, of the others what lies under now.
  preload() {
    this.context ??= new AudioContext();
    const now = this.media?.currentTime ?? 0;
    for (const choice of this.data.choices) {
      for (const s of choice.segments) {
        const here = s.at <= now + 1 && now < s.at + s.length;
        if (choice.id === this.chosen || here) this.sound(s.address).catch(() => this.sounds.delete(s.address));
      }
    }
  }

  // The player -----------------------------------------------------------------------------------------

  follow(media) {
    if (media === this.media) return;
    for (const [name, handler] of Object.entries(this.events)) {
      this.media?.removeEventListener(name, handler);
      media?.addEventListener(name, handler);
    }
    this.media = media;
    if (media && this.playing()) this.start();
  }

  playing() {
    return Boolean(this.media && !this.media.paused && !this.media.ended && !this.media.seeking);
  }

  sound(address) {
    if (!this.sounds.has(address)) {
      this.sounds.set(address, fetch(address)
        .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(String(answer.status)))))
        .then((bytes) => this.context.decodeAudioData(bytes)));
    }
    return this.sounds.get(address);
  }

  async start() {
    this.stop();
    const choice = this.choice();
    if (!choice?.segments.length || !this.playing()) return;
    this.context ??= new AudioContext();
    if (this.context.state === 'suspended') await this.context.resume();
    const ticket = (this.ticket = {});
    let sounds;
    try {
      sounds = await Promise.all(choice.segments.map((s) => this.sound(s.address)));
    } catch {
      this.parts.state.textContent = this.data.strings.failed;
      return;
    }
    if (ticket !== this.ticket || !this.playing()) return; // something else was asked for meanwhile
    const rate = this.media.playbackRate;
    const begin = this.context.currentTime + AHEAD_S;
    const clip = this.media.currentTime + AHEAD_S * rate;
    const ducked = this.context.createGain();
    ducked.connect(this.context.destination);
    this.ramp(ducked.gain, choice.gain, clip, begin, rate);
    choice.segments.forEach((segment, i) => {
      const late = Math.max(0, clip - segment.at);
      if (late >= segment.length) return;
      const source = this.context.createBufferSource();
      source.buffer = sounds[i];
      source.playbackRate.value = rate;
      const own = this.context.createGain();
      source.connect(own).connect(ducked);
      const when = begin + Math.max(0, segment.at - clip) / rate;
      this.fades(own.gain, segment, late, when, rate);
      source.start(when, segment.from + late, segment.length - late);
      this.sources.push(source);
    });
    this.output = ducked;
    this.begun = { clip, at: begin, rate };
    if (this.clicked) {
      this.parts.root.dataset.startedMs = String(Math.round(performance.now() - this.clicked + 1000 * AHEAD_S));
      this.clicked = null;
    }
    this.parts.root.dataset.playing = choice.id;
  }

  ramp(gain, curve, clip, begin, rate) {
    const level = (db) => 10 ** (db / 20);
    const at = (time) => {
      let i = curve.findIndex(([t]) => t > time);
      if (i < 0) return curve.at(-1)[1];
      if (i === 0) return curve[0][1];
      const [[t0, d0], [t1, d1]] = [curve[i - 1], curve[i]];
      return d0 + ((d1 - d0) * (time - t0)) / (t1 - t0);
    };
    gain.setValueAtTime(level(at(clip)), begin);
    for (const [time, db] of curve) if (time > clip) gain.linearRampToValueAtTime(level(db), begin + (time - clip) / rate);
  }

  fades(gain, segment, late, when, rate) {
    const level = 10 ** (segment.level / 20);
    const share = (time) => Math.min(
      1,
      segment.fadeIn > 0 ? time / segment.fadeIn : 1,
      segment.fadeOut > 0 ? (segment.length - time) / segment.fadeOut : 1,
    );
    gain.setValueAtTime(level * Math.max(0, share(late)), when);
    for (const time of [segment.fadeIn, segment.length - segment.fadeOut, segment.length]) {
      if (time > late) gain.linearRampToValueAtTime(level * Math.max(0, share(time)), when + (time - late) / rate);
    }
  }

  stop() {
    this.ticket = null;
    for (const source of this.sources) {
      try { source.stop(); } catch { /* it had not begun */ }
      source.disconnect();
    }
    this.sources = [];
    this.output?.disconnect();
    this.output = this.begun = null;
    delete this.parts.root.dataset.playing;
  }

  check() {
    const media = document.querySelector(`.st-key-${this.data?.player} video, .st-key-${this.data?.player} audio`);
    if (media !== this.media) this.follow(media);
    if (!this.begun || !this.playing()) return;
    const heard = this.begun.clip + (this.context.currentTime - this.begun.at) * this.begun.rate;
    const apart = heard - this.media.currentTime;
    this.parts.root.dataset.apartMs = String(Math.round(1000 * apart));
    if (Math.abs(apart) > DRIFT_S) this.start();
  }
}
