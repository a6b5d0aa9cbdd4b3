// Records picture and sound and hands them to Python in parts.
//
// Streamlit calls the default export again whenever `data` changes, and the function it returns only
// when the component leaves the page; so one Recorder lives as long as its place on the page.

const PART_BYTES = 512 * 1024; // small enough that the connection's pings come through on a slow line
const PATIENCE_MS = 15_000;
const TRIES = 4;
const QUIET = 0.06;
const TYPES = [
  'video/webm;codecs=vp8,opus', // the cheapest for a phone to make and for the server to read
  'video/webm',
  'video/mp4;codecs=avc1.42E01E,mp4a.40.2',
  'video/mp4',
];
const SHOWN = {
  idle: ['hint', 'open'],
  asking: ['hint'],
  ready: ['stage', 'preview', 'level_row', 'devices', 'record', 'close'],
  counting: ['stage', 'preview', 'count', 'level_row', 'cancel'],
  recording: ['stage', 'preview', 'time', 'level_row', 'stop'],
  review: ['stage', 'playback', 'use', 'again', 'discard'],
  sending: ['progress', 'cancel'],
};
const HIDDEN_AT_TIMES = [...new Set(Object.values(SHOWN).flat())];
const FIRST = { idle: 'open', ready: 'record', counting: 'cancel', recording: 'stop', review: 'use', sending: 'cancel' };


export default living((root) => new Recorder(root));

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

class Recorder {
  constructor(root) {
    this.parts = {};
    for (const element of root.querySelectorAll('[data-part]')) this.parts[element.dataset.part] = element;
    this.root = root;
    this.state = 'idle';
    this.said = null;
    this.stream = this.blob = this.sending = null;
    this.timers = new Set();
    const press = {
      ...{ open: 'open', record: 'count', stop: 'stop', use: 'send', again: 'open' },
      ...{ cancel: 'cancel', discard: 'discard', close: 'close' },
    };
    for (const [part, action] of Object.entries(press)) this.parts[part].addEventListener('click', () => this[action]());
    for (const part of ['camera', 'microphone']) this.parts[part].addEventListener('change', () => this.open());
    this.parts.recorder.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && (this.state === 'counting' || this.state === 'sending')) this.cancel();
    });
    this.onDevices = () => this.listDevices();
    if (navigator.mediaDevices) navigator.mediaDevices.addEventListener('devicechange', this.onDevices);
  }

  // Words and states ---------------------------------------------------------------------------

  update(data, setTriggerValue) {
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    this.parts.recorder.lang = data.language;
    for (const element of this.root.querySelectorAll('[data-text]')) element.textContent = this.say(element.dataset.text);
    for (const element of this.root.querySelectorAll('[data-label]')) {
      element.setAttribute('aria-label', this.say(element.dataset.label));
    }
    if (this.problem) this.parts.problem.textContent = this.say(this.problem);
    if (this.said) this.parts.status.textContent = this.say(...this.said);
    this.received(data.received);
  }

  say(key, values = {}) {
    const all = { limit: clock(this.data.limit_s), ...values };
    return (this.data.strings[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => all[name] ?? whole);
  }

  announce(key, values) {
    this.said = key ? [key, values] : null;
    this.parts.status.textContent = key ? this.say(key, values) : '';
  }

  to(state, key, values) {
    const focused = this.root.activeElement; // of the shadow root; null where the focus is elsewhere
    this.state = this.parts.recorder.dataset.state = state;
    for (const part of HIDDEN_AT_TIMES) this.parts[part].hidden = !SHOWN[state].includes(part);
    this.fail(null);
    this.announce(key, values);
    // Whoever presses a button that goes away finds the focus on the one that follows it.
    if (focused && focused.hidden && FIRST[state]) this.parts[FIRST[state]].focus();
  }

  fail(key) {
    this.problem = key;
    this.parts.problem.hidden = !key;
    this.parts.problem.textContent = key ? this.say(key) : '';
  }

  every(ms, action) {
    const timer = setInterval(action, ms);
    this.timers.add(timer);
    return timer;
  }

  stopTimers() {
    for (const timer of this.timers) clearInterval(timer);
    this.timers.clear();
  }

  // Camera and microphone ------------------------------------------------------------------------

  async open() {
    const chosen = { video: this.parts.camera.value, audio: this.parts.microphone.value };
    this.off();
    this.dropBlob();
    if (!window.isSecureContext || !navigator.mediaDevices) return this.give('insecure');
    if (typeof MediaRecorder === 'undefined') return this.give('unsupported');
    this.to('asking', 'asking');
    const asked = (this.asked = {}); // a later call, or leaving, makes this one's answer stale
    let stream;
    try {
      stream = await this.ask(chosen);
    } catch (error) {
      const key = await this.reason(error);
      return asked === this.asked ? this.give(key) : undefined;
    }
    if (asked !== this.asked) return stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    for (const track of stream.getTracks()) track.addEventListener('ended', () => this.lost(stream));
    this.parts.preview.srcObject = stream;
    const facing = stream.getVideoTracks()[0].getSettings().facingMode;
    this.parts.preview.classList.toggle('mirrored', facing !== 'environment');
    this.parts.preview.play().catch(() => {});
    this.to('ready', 'ready');
    this.listen(stream);
    await this.listDevices();
  }

  async ask(chosen) {
    const exact = (id) => (id ? { deviceId: { exact: id } } : {});
    const constraints = (ids) => ({
      video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 25, max: 30 }, ...exact(ids.video) },
      // What a call would filter out of a voice belongs to how it sounds.
      audio: { echoCancellation: false, noiseSuppression: false, ...exact(ids.audio) },
    });
    try {
      return await navigator.mediaDevices.getUserMedia(constraints(chosen));
    } catch (error) {
      if (error.name !== 'OverconstrainedError') throw error;
      return navigator.mediaDevices.getUserMedia(constraints({})); // the chosen one is gone
    }
  }

  async reason(error) {
    const policy = document.permissionsPolicy || document.featurePolicy;
    const framed = policy && !(policy.allowsFeature('camera') && policy.allowsFeature('microphone'));
    if (error.name === 'NotAllowedError' || error.name === 'SecurityError') return framed ? 'embedded' : 'refused';
    if (error.name === 'NotReadableError' || error.name === 'AbortError') return 'in_use';
    if (error.name !== 'NotFoundError') return 'failed';
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const has = (kind) => devices.some((device) => device.kind === kind);
    if (has('videoinput')) return 'no_microphone';
    return has('audioinput') ? 'no_camera' : 'no_device';
  }

  give(key) {
    this.off();
    this.to('idle');
    this.fail(key);
  }

  lost(stream) {
    if (stream !== this.stream) return;
    if (this.state === 'recording') this.stop();
    else this.give('lost');
  }

  async listDevices() {
    if (!this.stream) return;
    const stream = this.stream;
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (stream !== this.stream) return;
    const fill = (select, kind, track) => {
      const found = devices.filter((device) => device.kind === kind);
      select.replaceChildren(
        ...found.map((device, i) => {
          const option = document.createElement('option');
          option.value = device.deviceId;
          option.textContent = device.label || `${i + 1}`;
          return option;
        }),
      );
      select.value = track.getSettings().deviceId ?? '';
    };
    fill(this.parts.camera, 'videoinput', stream.getVideoTracks()[0]);
    fill(this.parts.microphone, 'audioinput', stream.getAudioTracks()[0]);
  }

  listen(stream) {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return;
    this.sound = new Context();
    this.sound.resume().catch(() => {});
    const analyser = this.sound.createAnalyser();
    analyser.fftSize = 2048;
    this.sound.createMediaStreamSource(stream).connect(analyser);
    const y = new Float32Array(analyser.fftSize);
    let loudest = 0;
    let looks = 0;
    this.every(100, () => {
      analyser.getFloatTimeDomainData(y);
      const rms = Math.sqrt(y.reduce((sum, value) => sum + value * value, 0) / y.length);
      const level = Math.min(1, Math.max(0, 1 + Math.log10(Math.max(rms, 1e-6)) / 2.5)); // -50 dB to 0 dB
      loudest = Math.max(loudest, level);
      this.parts.bar.style.width = `${Math.round(level * 100)}%`;
      this.parts.level.setAttribute('aria-valuenow', Math.round(level * 100));
      looks += 1;
      const listening = this.sound && this.sound.state === 'running'; // Safari may hold it back
      if (looks === 40 && listening && loudest < QUIET && this.state !== 'counting') this.announce('quiet');
    });
  }

  off() {
    this.asked = null;
    this.stopTimers();
    if (this.media && this.media.state !== 'inactive') {
      this.media.ondataavailable = this.media.onstop = this.media.onerror = null;
      this.media.stop();
    }
    this.media = null;
    if (this.sound) this.sound.close().catch(() => {});
    this.sound = null;
    const stream = this.stream;
    this.stream = null;
    if (stream) stream.getTracks().forEach((track) => track.stop());
    this.parts.preview.srcObject = null;
  }

  close() {
    this.off();
    this.to('idle', 'closed');
  }

  discard() {
    this.dropBlob();
    this.to('idle', 'discarded');
  }

  // Recording ------------------------------------------------------------------------------------

  count() {
    let left = 3;
    const tick = () => {
      this.parts.count.textContent = left;
      this.announce('counting', { seconds: left });
      if (left === 0) {
        clearInterval(this.counting);
        this.record();
      }
      left -= 1;
    };
    this.to('counting');
    tick();
    this.counting = this.every(1000, tick);
  }

  record() {
    const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    const chunks = [];
    let size = 0;
    try {
      this.media = new MediaRecorder(this.stream, {
        ...(type && { mimeType: type }),
        videoBitsPerSecond: 1_000_000,
        audioBitsPerSecond: 96_000,
      });
      this.media.ondataavailable = ({ data }) => {
        if (data.size) chunks.push(data);
        size += data.size;
        if (size > this.data.max_bytes * 0.95) this.stop();
      };
      this.media.onerror = () => this.give('failed');
      this.media.onstop = () => this.review(chunks);
      this.media.start(1000);
    } catch {
      return this.give('unsupported');
    }
    this.to('recording', 'recording');
    const started = performance.now();
    const tick = () => {
      this.seconds = (performance.now() - started) / 1000;
      this.parts.time.textContent = `${clock(this.seconds)} / ${clock(this.data.limit_s)}`;
      if (this.seconds >= this.data.limit_s) this.stop();
    };
    tick();
    this.every(200, tick);
  }

  stop() {
    if (this.media && this.media.state !== 'inactive') this.media.stop();
  }

  review(chunks) {
    const type = this.media.mimeType || (chunks[0] && chunks[0].type) || '';
    this.media = null;
    this.off();
    this.blob = new Blob(chunks, { type });
    if (!this.blob.size) return this.give('failed');
    const video = this.parts.playback;
    video.src = URL.createObjectURL(this.blob);
    // A recording has no length in its header; looking for its end makes the browser find it.
    video.onloadedmetadata = () => {
      if (Number.isFinite(video.duration)) return;
      video.ondurationchange = () => {
        video.ondurationchange = null;
        video.currentTime = 0;
      };
      video.currentTime = 1e7;
    };
    this.to('review', 'review', { seconds: Math.round(this.seconds) });
  }

  dropBlob() {
    this.blob = null;
    if (this.parts.playback.src) URL.revokeObjectURL(this.parts.playback.src);
    this.parts.playback.removeAttribute('src');
    this.parts.playback.load();
  }

  cancel() {
    if (this.state === 'counting') {
      clearInterval(this.counting);
      this.to('ready', 'ready');
    } else if (this.state === 'sending') {
      this.stopTimers();
      this.sending = null;
      this.to('review', 'cancelled');
    }
  }

  // Handing over ---------------------------------------------------------------------------------

  send() {
    if (!this.blob) return;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16)).join('');
    this.sending = { id, index: 0, parts: Math.ceil(this.blob.size / PART_BYTES), tries: 0 };
    this.parts.playback.pause();
    this.parts.progress.value = 0;
    this.to('sending', 'sending');
    this.sendPart();
  }

  async sendPart() {
    const { id, index, parts } = this.sending;
    const content = await base64(this.blob.slice(index * PART_BYTES, (index + 1) * PART_BYTES));
    if (!this.sending || this.sending.id !== id || this.sending.index !== index) return;
    this.sending.tries += 1;
    this.setTriggerValue('part', { id, index, parts, type: this.blob.type, content });
    this.stopTimers();
    this.every(PATIENCE_MS, () => {
      if (this.sending.tries < TRIES) return this.sendPart();
      this.stopTimers();
      this.sending = null;
      this.to('review');
      this.fail('not_sent');
    });
  }

  received(got) {
    if (!this.sending || !got || got.id !== this.sending.id || got.next <= this.sending.index) return;
    this.parts.progress.value = got.next / this.sending.parts;
    this.stopTimers();
    if (got.next >= this.sending.parts) {
      this.sending = null;
      this.dropBlob();
      this.to('idle', 'sent');
      return;
    }
    this.sending.index = got.next;
    this.sending.tries = 0;
    this.sendPart();
  }

  leave() {
    if (navigator.mediaDevices) navigator.mediaDevices.removeEventListener('devicechange', this.onDevices);
    this.sending = null;
    this.off();
    this.dropBlob();
  }
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
