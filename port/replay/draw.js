// Paints one second of the yard. Colours are told apart by the colour-blind; every state has a mark of its own too.
const PAINT = {
  water: "#dcebf5", land: "#f5f3ee", quay: "#8d949c", lane: "#ffffff", edge: "#b9bcc0", ink: "#1d2126", soft: "#59616b",
  hull: "#6f7f8f", done: "#2b3f52", own: "#0b4f8a", road: "#c4570b", trouble: "#1d2126",
  slowed: "#7cc3ea", closed: "#6a1a7a", badge: "#fff7d6",
  machine: ["#c3c8ce", "#1b9e77", "#f2d53c", "#1d2126", "#1d2126"],
};
const COVER = ["#2d0838", "#a01a2c", "#d95f02", "#efc100", null];
const COVER_WORDS = ["under 50 %", "50 to 90 %", "90 to 99 %", "99 to 99.9 %", "over 99.9 % (clear)"];

class Painter {
  constructor(yard, view) {
    this.yard = yard;
    this.view = view;
    this.g = view.canvas.getContext("2d");
    this.show = { cover: true, badges: true, names: true, stock: true };
    this.selected = null;
    this.covers = (yard.cover ? yard.cover.cells : []).map((cells) => this.picture(cells));
  }

  // The reception over the ground as a picture of one pixel a cell; good reception stays clear.
  picture(cells) {
    const { nx, ny } = this.yard.cover, canvas = document.createElement("canvas");
    canvas.width = nx; canvas.height = ny;
    const g = canvas.getContext("2d");
    for (let i = 0; i < cells.length; i++) {
      const colour = COVER[cells[i]];
      if (!colour) continue;
      g.fillStyle = colour;
      g.fillRect(i % nx, ny - 1 - Math.floor(i / nx), 1, 1);
    }
    return canvas;
  }

  frame(t, now) {
    const { g, view } = this;
    g.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    g.fillStyle = PAINT.land;
    g.fillRect(0, 0, view.w, view.h);
    this.water();
    this.lanes(now);
    if (this.yard.cover && this.show.cover) this.cover(t);
    this.blocks(t);
    if (this.show.names) this.blockNames();
    this.ships(t);
    now.gantries.forEach((state, k) => this.gantry(k, state));
    now.cranes.forEach((state, k) => this.crane(k, state));
    this.stations();
    this.gate(now);
    for (const truck of now.trucks) this.truck(truck);
    if (this.show.badges) this.badges(now);
    if (this.yard.cover && this.show.cover) this.units(t);
    this.scale();
    this.north();
  }

  line(points, width, colour, dash = []) {
    const { g, view } = this;
    g.beginPath();
    points.forEach((p, i) => (i ? g.lineTo(view.x(p), view.y(p)) : g.moveTo(view.x(p), view.y(p))));
    g.setLineDash(dash);
    g.lineWidth = width;
    g.strokeStyle = colour;
    g.lineCap = g.lineJoin = "round";
    g.stroke();
    g.setLineDash([]);
  }
  text(words, x, y, size = 11, colour = PAINT.ink, align = "center", halo = true) {
    const { g } = this;
    g.font = `${size}px system-ui, "Segoe UI", "DejaVu Sans", sans-serif`;
    g.textAlign = align;
    g.textBaseline = "middle";
    if (halo) { g.lineWidth = 3; g.strokeStyle = "#ffffffd8"; g.lineJoin = "round"; g.strokeText(words, x, y); }
    g.fillStyle = colour;
    g.fillText(words, x, y);
  }

  water() {
    const { g, view, yard } = this;
    const ends = yard.berths.flatMap((b) => b.line);
    const level = Math.max(...ends.map((p) => view.y(p)));
    g.fillStyle = PAINT.water;
    g.fillRect(0, 0, view.w, level);
    for (const berth of yard.berths) {
      this.line(berth.line, Math.max(3, 5 * view.k), PAINT.quay);
      for (const p of berth.line) this.line([p, this.off(p, 8)], 1.5, PAINT.quay);
    }
  }
  off(p, up, right = 0) {
    const { up: u, right: r } = this.view;
    return [p[0] + u[0] * up + r[0] * right, p[1] + u[1] * up + r[1] * right];
  }

  cover(t) {
    const { g, view, yard } = this, { low, step, nx, ny, steps } = yard.cover;
    const picture = this.covers[stepAt(steps, t)];
    const corner = [low[0] - step / 2, low[1] + (ny - 0.5) * step];
    const east = view.turn(1, 0), size = step * view.k, [left, low_v, right, high_v] = view.box;
    g.save();
    g.beginPath();
    g.rect(view.w / 2 + (left - 30 - view.middle[0]) * view.k, view.h / 2 - (high_v - view.middle[1]) * view.k,
      (right - left + 60) * view.k, (high_v - low_v + 10) * view.k);
    g.clip();
    g.translate(view.x(corner), view.y(corner));
    g.rotate(east);
    g.imageSmoothingEnabled = false;
    g.globalAlpha = 0.38;
    g.drawImage(picture, 0, 0, nx * size, ny * size);
    g.restore();
  }
  units(t) {
    const { g, view } = this;
    for (const unit of this.yard.cover.units) {
      const x = view.x(unit.at), y = view.y(unit.at), silent = stepAt(unit.silent, t) > 0;
      g.beginPath();
      g.moveTo(x, y - 8); g.lineTo(x + 7, y + 5); g.lineTo(x - 7, y + 5); g.closePath();
      g.fillStyle = silent ? "#ffffff" : PAINT.ink;
      g.fill();
      g.lineWidth = 1.5; g.strokeStyle = silent ? PAINT.ink : "#ffffff";
      g.stroke();
      if (silent) this.text("×", x, y + 1, 12, PAINT.ink, "center", false);
    }
  }

  blocks(t) {
    const { g, view } = this, stock = this.yard.stockAt(t);
    this.yard.blocks.forEach((b, k) => {
      const right = [b.ahead[1], -b.ahead[0]];
      const corner = (i, j) => [b.middle[0] + i * b.half_m * b.ahead[0] + j * b.wide_m * right[0],
        b.middle[1] + i * b.half_m * b.ahead[1] + j * b.wide_m * right[1]];
      g.beginPath();
      [[-1, -1], [1, -1], [1, 1], [-1, 1]].forEach(([i, j], n) => {
        const p = corner(i, j);
        if (n) g.lineTo(view.x(p), view.y(p)); else g.moveTo(view.x(p), view.y(p));
      });
      g.closePath();
      const full = stock ? Math.min(1, stock[k] / b.capacity) : 0.5, tone = Math.round(226 - 70 * full);
      g.fillStyle = `rgb(${tone},${tone - 3},${tone - 10})`;
      g.fill();
      g.lineWidth = 1; g.strokeStyle = "#a5a29a"; g.stroke();
    });
  }
  // Names at the blocks' landward ends, as many as there is room for.
  blockNames() {
    const { view } = this;
    const size = view.k > 1.2 ? 12 : 10;
    let free = -Infinity;
    const ends = this.yard.blocks.map((b) => {
      const low = view.along(b.ahead) > 0 ? -1 : 1;
      return { id: b.id, p: [b.middle[0] + low * (b.half_m - 14) * b.ahead[0], b.middle[1] + low * (b.half_m - 14) * b.ahead[1]] };
    }).sort((a, b) => view.x(a.p) - view.x(b.p));
    for (const { id, p } of ends) {
      const x = view.x(p), wide = id.length * size * 0.62;
      if (x - wide / 2 < free) continue;
      this.text(id, x, view.y(p), size, PAINT.soft);
      free = x + wide / 2 + 3;
    }
  }

  lanes(now) {
    const { view } = this, wide = Math.min(26, Math.max(4.5, 9 * view.k));
    for (const lane of this.yard.lanes) this.line(lane.line, wide + 1.6, PAINT.edge);
    this.yard.lanes.forEach((lane, k) => this.line(lane.line, wide, now.lanes[k] === SLOWED ? PAINT.slowed : PAINT.lane));
    this.yard.lanes.forEach((lane, k) => {
      if (lane.oneway) this.arrows(lane);
      if (now.lanes[k] === CLOSED) this.closed(lane, wide);
    });
  }
  arrows(lane) {
    const { g, view } = this, every = 70 / view.k;
    for (let s = Math.min(every, lane.length) / 2; s < lane.length; s += every) {
      const p = lane.at(s), x = view.x([p.x, p.y]), y = view.y([p.x, p.y]), a = view.turn(p.dx, p.dy);
      g.save();
      g.translate(x, y);
      g.rotate(a);
      g.beginPath();
      g.moveTo(-3.5, -3.5); g.lineTo(2, 0); g.lineTo(-3.5, 3.5);
      g.lineWidth = 1.5; g.strokeStyle = "#8a9099"; g.stroke();
      g.restore();
    }
  }
  closed(lane, wide) {
    const { view } = this, every = Math.max(16 / view.k, 1);
    this.line(lane.line, wide, PAINT.closed);
    for (let s = Math.min(every, lane.length) / 2; s < lane.length; s += every) {
      const p = lane.at(s);
      this.text("×", view.x([p.x, p.y]), view.y([p.x, p.y]), 11, "#ffffff", "center", false);
    }
  }

  ships(t) {
    const { g, view, yard } = this;
    const there = yard.shipsAt(t);
    yard.berths.forEach((berth, k) => {
      const [a, b] = berth.line, flip = view.x(a) > view.x(b);
      const [left, right] = flip ? [b, a] : [a, b];
      const quay = Math.hypot(b[0] - a[0], b[1] - a[1]), middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const ship = there.find((s) => s.berth === k);
      const waiting = yard.ships.filter((s) => s.berth === k && s.at <= t && s.berthed > t).length;
      const x = view.x(left) + 6, room = view.x(right) - view.x(left) - 12, y = view.y(this.off(middle, BOOM_M)) - 33;
      const more = waiting ? `, ${waiting} more wait${waiting > 1 ? "" : "s"}` : "";
      if (!ship) {
        this.fitted(`${berth.id}: no ship${more}`, x, y, room, PAINT.soft);
        return;
      }
      const long = Math.min(ship.length_m || 0.86 * quay, 0.96 * quay), beam = Math.min(40, Math.max(16, long / 7.5));
      this.hull(middle, long, beam, berth);
      const share = ship.boxes ? ship.done / ship.boxes : 1;
      const state = ship.begun ? `${ship.done} of ${ship.boxes}` : `${ship.boxes} boxes, mooring`;
      this.fitted(`${berth.id}: ${ship.name}  ${state}${more}`, x, y, room, PAINT.ink);
      const bar = y + 9;
      g.fillStyle = "#ffffff"; g.fillRect(x, bar, room, 6);
      g.fillStyle = PAINT.done; g.fillRect(x, bar, room * share, 6);
      g.lineWidth = 1; g.strokeStyle = PAINT.done; g.strokeRect(x, bar, room, 6);
    });
  }
  fitted(words, x, y, room, colour) {
    const { g } = this;
    for (let size = 13; size >= 9; size--) {
      g.font = `${size}px system-ui, "Segoe UI", "DejaVu Sans", sans-serif`;
      if (g.measureText(words).width <= room || size === 9) { this.text(words, x, y, size, colour, "left"); return; }
    }
  }
  hull(middle, long, beam, berth) {
    const { g, view } = this, [a, b] = berth.line, quay = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const dx = (b[0] - a[0]) / quay, dy = (b[1] - a[1]) / quay;
    const at = (along, out) => this.off([middle[0] + dx * along * long / 2, middle[1] + dy * along * long / 2], 4 + out * beam);
    g.beginPath();
    [[-0.97, 0], [0.86, 0], [1, 0.5], [0.86, 1], [-0.97, 1], [-1, 0.85], [-1, 0.15]].forEach(([i, j], n) => {
      const p = at(i, j);
      if (n) g.lineTo(view.x(p), view.y(p)); else g.moveTo(view.x(p), view.y(p));
    });
    g.closePath();
    g.fillStyle = PAINT.hull; g.fill();
    g.lineWidth = 1.2; g.strokeStyle = PAINT.done; g.stroke();
  }

  // A machine's mark: its colour, a bar when it is stopped, a cross when it is broken.
  mark(x, y, state, size) {
    const { g } = this;
    if (state !== STOPPED && state !== BROKEN) return;
    g.lineWidth = 2.2; g.strokeStyle = "#ffffff"; g.lineCap = "round";
    g.beginPath();
    if (state === STOPPED) { g.moveTo(x - size, y); g.lineTo(x + size, y); }
    else { g.moveTo(x - size, y - size); g.lineTo(x + size, y + size); g.moveTo(x - size, y + size); g.lineTo(x + size, y - size); }
    g.stroke();
  }
  crane(k, state) {
    const { g, view } = this, { at, id } = this.yard.cranes[k];
    const x = view.x(at), top = view.y(this.off(at, BOOM_M)), foot = view.y(this.off(at, -22)), wide = Math.max(10, 15 * view.k);
    g.fillStyle = PAINT.machine[state];
    g.strokeStyle = state === NO_WORK ? "#7b838c" : PAINT.ink;
    g.lineWidth = this.isSelected("crane", k) ? 3 : 1.2;
    g.beginPath();
    g.rect(x - wide / 5, top, wide / 2.5, foot - top);
    g.fill(); g.stroke();
    const middle = view.y(this.off(at, -8)), high = Math.max(11, 16 * view.k);
    g.beginPath();
    g.rect(x - wide / 2, middle - high / 2, wide, high);
    g.fill(); g.stroke();
    this.mark(x, middle, state, 3.2);
    if (this.show.names) this.text(id, x, top - 8, 10.5);
  }
  gantryAt(k) {
    const { block } = this.yard.gantries[k], b = this.yard.blocks[block];
    const mates = this.yard.gantries.map((g, i) => [g.block, i]).filter(([of]) => of === block).map(([, i]) => i);
    const away = (mates.indexOf(k) - (mates.length - 1) / 2) * Math.min(44, 1.4 * b.half_m / mates.length);
    return [b.middle[0] + away * b.ahead[0], b.middle[1] + away * b.ahead[1]];
  }
  gantry(k, state) {
    const { g, view } = this, b = this.yard.blocks[this.yard.gantries[k].block], p = this.gantryAt(k);
    const long = Math.max(14, 2 * (b.wide_m + 6) * view.k), thick = Math.max(7, 8 * view.k);
    g.save();
    g.translate(view.x(p), view.y(p));
    g.rotate(view.turn(b.ahead[1], -b.ahead[0]));
    g.fillStyle = PAINT.machine[state];
    g.strokeStyle = state === NO_WORK ? "#7b838c" : PAINT.ink;
    g.lineWidth = this.isSelected("gantry", k) ? 3 : 1.1;
    g.fillRect(-long / 2, -thick / 2, long, thick);
    g.strokeRect(-long / 2, -thick / 2, long, thick);
    g.restore();
    this.mark(view.x(p), view.y(p), state, 2.4);
  }

  truck({ k, at, trouble }) {
    const { g, view } = this, own = k < this.yard.own, [x, y] = view.truck(at);
    if (x < -20 || y < -20 || x > view.w + 20 || y > view.h + 20) return;
    const long = Math.max(9, this.yard.vehicle_m * view.k), wide = Math.max(4.6, 3 * view.k);
    const colour = trouble ? PAINT.trouble : own ? PAINT.own : PAINT.road;
    g.save();
    g.translate(x, y);
    if (this.isSelected("truck", k)) {
      g.beginPath(); g.arc(0, 0, Math.max(13, 0.8 * long), 0, 2 * Math.PI);
      g.lineWidth = 2.5; g.strokeStyle = PAINT.ink; g.stroke();
    }
    g.rotate(view.turn(at.dx, at.dy));
    g.fillStyle = at.boxes || trouble ? colour : "#ffffff";
    g.fillRect(-long / 2, -wide / 2, long, wide);
    g.lineWidth = 1.5; g.strokeStyle = colour;
    g.strokeRect(-long / 2, -wide / 2, long, wide);
    g.fillStyle = colour;
    g.fillRect(long / 2 - 2.5, -wide / 2, 2.5, wide);
    g.restore();
    if (trouble) this.text("!", x, y - 9, 13, PAINT.trouble);
  }

  stations() {
    const { g, view } = this;
    for (const { at, id } of this.yard.stations) {
      const p = this.off(at, -16), x = view.x(p), y = view.y(p);
      g.beginPath(); g.rect(x - 9, y - 7, 18, 14);
      g.fillStyle = "#ffffff"; g.fill();
      g.lineWidth = 1.3; g.strokeStyle = PAINT.own; g.stroke();
      this.text("⚡", x, y, 11, PAINT.own, "center", false);
      if (this.show.names) this.text(id, x + 13, y, 10.5, PAINT.soft, "left");
    }
  }

  // The gate, and before it the trucks that wait outside: a few are drawn, all are counted.
  gate(now) {
    const { g, view } = this, at = this.yard.gate.at, x = view.x(at), y = view.y(at);
    g.fillStyle = now.closed ? PAINT.trouble : "#ffffff";
    g.strokeStyle = PAINT.ink; g.lineWidth = 1.5;
    g.fillRect(x - 22, y - 4, 44, 8); g.strokeRect(x - 22, y - 4, 44, 8);
    if (now.closed) this.text("closed", x, y, 9.5, "#ffffff", "center", false);
    const inside = `${now.count.road} inside`, outside = `${now.outside} wait outside`;
    for (let n = 0; n < Math.min(now.outside, 8); n++) {
      const px = x - 15 + 10 * (n % 4), py = y + 11 + 11 * Math.floor(n / 4);
      g.strokeStyle = PAINT.road; g.lineWidth = 1.4; g.fillStyle = "#ffffff";
      g.fillRect(px - 2.3, py - 4.5, 4.6, 9); g.strokeRect(px - 2.3, py - 4.5, 4.6, 9);
    }
    this.text("Gate", x + 28, y - 7, 12, PAINT.ink, "left");
    this.text(`${outside}, ${inside}`, x + 28, y + 8, 12, PAINT.road, "left");
  }

  badges(now) {
    const { yard, view } = this, first = 1 + yard.cranes.length;
    now.lines.forEach((n, place) => {
      if (!n || place === 0) return;
      if (place < first) {
        const at = yard.cranes[place - 1].at;
        this.badge(n, view.x(at) + Math.max(11, 14 * view.k), view.y(this.off(at, -8)));
      } else if (place < first + yard.blocks.length) {
        const b = yard.blocks[place - first];
        this.badge(n, view.x(b.middle), view.y(b.middle) + Math.max(15, 12 * view.k));
      } else {
        const p = this.off(yard.stations[place - first - yard.blocks.length].at, -16);
        this.badge(n, view.x(p) - 16, view.y(p));
      }
    });
  }
  badge(n, x, y) {
    const { g } = this, many = n >= 5;
    g.beginPath(); g.arc(x, y, n > 9 ? 9.5 : 8, 0, 2 * Math.PI);
    g.fillStyle = many ? PAINT.ink : PAINT.badge; g.fill();
    g.lineWidth = 1.2; g.strokeStyle = PAINT.ink; g.stroke();
    this.text(String(n), x, y + 0.5, 11, many ? "#ffffff" : PAINT.ink, "center", false);
  }

  scale() {
    const { g, view } = this, nice = [5, 10, 20, 50, 100, 200, 500, 1000];
    const metres = nice.filter((m) => m * view.k <= 150).pop() || 5, long = metres * view.k, x = 14, y = view.h - 14;
    g.strokeStyle = PAINT.ink; g.lineWidth = 2;
    g.beginPath();
    g.moveTo(x, y - 5); g.lineTo(x, y); g.lineTo(x + long, y); g.lineTo(x + long, y - 5);
    g.stroke();
    this.text(`${metres} m`, x + long / 2, y - 9, 11.5);
  }
  north() {
    const { g, view } = this, x = view.w - 26, y = view.h - 66;
    g.save();
    g.translate(x, y);
    g.rotate(view.turn(0, 1) + Math.PI / 2);
    g.beginPath();
    g.moveTo(0, -14); g.lineTo(5, 6); g.lineTo(0, 2); g.lineTo(-5, 6); g.closePath();
    g.fillStyle = PAINT.ink; g.fill();
    g.restore();
    const a = view.turn(0, 1);
    this.text("N", x + 21 * Math.cos(a), y + 21 * Math.sin(a), 11.5);
  }
  isSelected(kind, k) {
    return this.selected !== null && this.selected.kind === kind && this.selected.k === k;
  }
}
