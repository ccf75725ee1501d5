"use strict";
// The recorded yard: unpacked once, then asked for any second. Nothing here draws.
const NO_WORK = 0, WORKING = 1, WAITING = 2, STOPPED = 3, BROKEN = 4;
const DRIVES = 0, QUEUES = 1, IN_LINE = 2, SERVED = 3, IDLE = 4, HELD = 5, ASIDE = 6;
const OPEN = 0, SLOWED = 1, CLOSED = 2;
const DRIVING_M = 2.2, STANDING_M = 5.0, TAPER_M = 6.0;

async function unpack(text) {
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function column(text) {
  const values = new Int32Array(await unpack(text));
  for (let i = 1; i < values.length; i++) values[i] += values[i - 1];
  return values;
}

// The last index whose time is not after t, tried first at a guess that is usually right; -1 before the first.
function lastAt(times, from, to, t, guess) {
  if (guess >= from && guess < to && times[guess] <= t && (guess + 1 >= to || times[guess + 1] > t)) return guess;
  let low = from - 1, high = to;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle; else high = middle;
  }
  return low < from ? -1 : low;
}

function stepAt(steps, t) {
  let low = 0, high = steps.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle][0] <= t) low = middle; else high = middle;
  }
  return steps.length ? steps[low][1] : 0;
}

function countUntil(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1; else high = middle;
  }
  return low;
}

// A lane as a measured line: the point and the direction so many metres along it.
class Lane {
  constructor(about) {
    Object.assign(this, about);
    this.along = [0];
    for (let k = 1; k < this.line.length; k++) {
      const [a, b] = [this.line[k - 1], this.line[k]];
      this.along.push(this.along[k - 1] + Math.hypot(b[0] - a[0], b[1] - a[1]));
    }
    this.length = this.along[this.along.length - 1];
  }
  at(s) {
    let k = 0;
    while (k < this.line.length - 2 && this.along[k + 1] <= s) k++;
    const a = this.line[k], b = this.line[k + 1], size = this.along[k + 1] - this.along[k] || 1;
    const dx = (b[0] - a[0]) / size, dy = (b[1] - a[1]) / size, away = s - this.along[k];
    return { x: a[0] + dx * away, y: a[1] + dy * away, dx, dy };
  }
}

class Yard {
  static async read(page) {
    const yard = Object.assign(new Yard(), page, JSON.parse(new TextDecoder().decode(await unpack(page.rest))));
    for (const name of ["key_n", "key_t", "key_arc", "key_s", "key_lat", "act_n", "act_t", "act_what", "act_at"])
      yard[name] = await column(page[name]);
    yard.lanes = yard.lanes.map((about) => new Lane(about));
    const starts = (counts) => counts.reduce((sums, n) => [...sums, sums[sums.length - 1] + n], [0]);
    yard.keyStart = starts([...yard.key_n]);
    yard.actStart = starts([...yard.act_n]);
    yard.guess = new Int32Array(yard.names.length);
    yard.actGuess = new Int32Array(yard.names.length);
    yard.moveTimes = yard.moves.map((m) => m[0]);
    yard.craneMoves = yard.cranes.map((_, k) => yard.moves.filter((m) => m[1] === k).map((m) => m[0]));
    if (yard.cover) yard.cover.cells = await Promise.all(
      yard.cover.pictures.map(async (text) => new Uint8Array(await unpack(text))));
    return yard;
  }

  // Where truck k is at second t (metres from the corner), which way it looks; null while it is not in the terminal.
  truck(k, t) {
    const from = this.keyStart[k], to = this.keyStart[k + 1], tenth = t * 10;
    const i = lastAt(this.key_t, from, to, tenth, this.guess[k]);
    if (i < 0) return null;
    const last = i + 1 >= to;
    if (last && k >= this.own && this.left[k]) return null;
    this.guess[k] = i;
    let s = this.key_s[i], lat = this.key_lat[i];
    if (!last && this.key_t[i + 1] > this.key_t[i]) {
      const f = (tenth - this.key_t[i]) / (this.key_t[i + 1] - this.key_t[i]);
      s += f * (this.key_s[i + 1] - s);
      lat += f * (this.key_lat[i + 1] - lat);
    }
    const arc = this.key_arc[i], lane = this.lanes[arc >> 1], back = arc & 1;
    s /= 10; lat /= 10;
    const near = Math.min(1, Math.max(0, Math.min(s, lane.length - s)) / TAPER_M);
    const stands = Math.min(1, Math.max(0, (Math.abs(lat) - DRIVING_M) / (STANDING_M - DRIVING_M)));
    const beside = lat * (near + (1 - near) * stands), p = lane.at(s), sign = back ? -1 : 1;
    return { x: p.x + beside * p.dy, y: p.y - beside * p.dx, dx: sign * p.dx, dy: sign * p.dy,
      lane: arc >> 1, s, lat: beside, boxes: stepAt(this.boxes[k], t), middle: p };
  }

  // What truck k does and at which lane or place.
  act(k, t) {
    const from = this.actStart[k], to = this.actStart[k + 1];
    const i = lastAt(this.act_t, from, to, t * 10, this.actGuess[k]);
    if (i < 0) return [IDLE, -1];
    this.actGuess[k] = i;
    return [this.act_what[i], this.act_at[i]];
  }
  trouble(k, t) {
    if (stepAt(this.broken[k], t) > 0) return "broken down";
    return stepAt(this.helpless[k], t) > 0 ? "waits for a remote operator" : "";
  }

  // Everything that the panel and the map count, at one second.
  census(t) {
    const count = { drives: 0, queues: 0, inLine: 0, served: 0, idle: 0, trouble: 0, road: 0 };
    const lines = new Array(this.places.length).fill(0), trucks = [];
    for (let k = 0; k < this.names.length; k++) {
      const at = this.truck(k, t);
      if (at === null) continue;
      const [what, where] = this.act(k, t), trouble = this.trouble(k, t);
      if (what === IN_LINE) lines[where]++;
      trucks.push({ k, at, what, where, trouble });
      if (k >= this.own) { count.road++; continue; }
      if (trouble) count.trouble++;
      else if (what === DRIVES) count.drives++;
      else if (what === QUEUES || what === HELD || what === ASIDE) count.queues++;
      else if (what === IN_LINE) count.inLine++;
      else if (what === SERVED) count.served++;
      else count.idle++;
    }
    const cranes = this.crane_steps.map((steps) => stepAt(steps, t));
    const gantries = this.gantry_steps.map((steps) => stepAt(steps, t));
    const lanes = this.lane_steps.map((steps) => stepAt(steps, t));
    const done = countUntil(this.moveTimes, t), quarter = countUntil(this.moveTimes, t - 900);
    const passed = Math.min(900, t + this.before_s);
    return { count, lines, trucks, cranes, gantries, lanes, done,
      rate: passed > 0 ? (done - quarter) * 3600 / passed : 0,
      outside: stepAt(this.gate_queue, t), closed: stepAt(this.gate_closed, t) > 0 };
  }
  shipsAt(t) {
    return this.ships.filter((s) => s.berthed <= t && (s.left === null || s.left > t))
      .map((s) => ({ ...s, done: countUntil(s.moves, t), begun: s.work !== null && s.work <= t }));
  }
  stockAt(t) {
    if (!this.stock || !this.stock.t.length) return null;
    return this.stock.boxes[Math.max(0, countUntil(this.stock.t, t) - 1)];
  }
  clock(t, seconds = true) {
    const s = Math.floor(this.clock_s + t + 1e-6), two = (n) => String(n).padStart(2, "0");
    const text = `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}`;
    return seconds ? `${text}:${two(s % 60)}` : text;
  }
}
