const BOOM_M = 38;
const PAD = { side: 20, top: 58, bottom: 44 };

// From metres to pixels: the quay lies level with the water above, whichever way it looks on the map.
class View {
  constructor(yard, canvas) {
    this.canvas = canvas;
    const [ux, uy] = yard.up;
    this.up = [ux, uy];
    this.right = [uy, -ux];
    const points = [...yard.lanes.flatMap((l) => l.line), ...yard.berths.flatMap((b) => b.line)];
    for (const berth of yard.berths) points.push(...berth.line.map((p) => [p[0] + BOOM_M * ux, p[1] + BOOM_M * uy]));
    points.push(yard.gate.at);
    for (const b of yard.blocks) for (const side of [-1, 1]) points.push(
      [b.middle[0] + side * (b.half_m * b.ahead[0]), b.middle[1] + side * (b.half_m * b.ahead[1])]);
    const us = points.map((p) => this.across(p)), vs = points.map((p) => this.along(p));
    this.box = [Math.min(...us), Math.min(...vs), Math.max(...us), Math.max(...vs)];
    this.k = 1;
    this.middle = [0, 0];
    this.moved = false;
  }
  across(p) { return p[0] * this.right[0] + p[1] * this.right[1]; }
  along(p) { return p[0] * this.up[0] + p[1] * this.up[1]; }

  resize() {
    const { clientWidth: w, clientHeight: h } = this.canvas, ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    this.w = w; this.h = h; this.ratio = ratio;
    if (!this.moved) this.fit();
  }
  fit() {
    const [a, b, c, d] = this.box;
    this.k = Math.min((this.w - 2 * PAD.side) / (c - a), (this.h - PAD.top - PAD.bottom) / (d - b));
    this.middle = [(a + c) / 2, (b + d) / 2 + (PAD.top - PAD.bottom) / 2 / this.k];
    this.moved = false;
  }
  x(p) { return this.w / 2 + (this.across(p) - this.middle[0]) * this.k; }
  y(p) { return this.h / 2 - (this.along(p) - this.middle[1]) * this.k; }
  // The middle of a truck; lanes that are drawn thin spread their two directions a little.
  truck(at) {
    const more = Math.min(1.6, Math.max(1, 5 / (2 * DRIVING_M * this.k)));
    const x = at.middle.x + (at.x - at.middle.x) * more, y = at.middle.y + (at.y - at.middle.y) * more;
    return [this.x([x, y]), this.y([x, y])];
  }
  // A direction on the ground as one on the screen.
  turn(dx, dy) {
    return Math.atan2(-(dx * this.up[0] + dy * this.up[1]), dx * this.right[0] + dy * this.right[1]);
  }
  zoom(factor, x, y) {
    const k = Math.min(14, Math.max(this.k * factor, 0.05)), real = k / this.k;
    const u = this.middle[0] + (x - this.w / 2) / this.k, v = this.middle[1] - (y - this.h / 2) / this.k;
    this.middle = [u + (this.middle[0] - u) / real, v + (this.middle[1] - v) / real];
    this.k = k;
    this.moved = true;
  }
  pan(dx, dy) {
    this.middle = [this.middle[0] - dx / this.k, this.middle[1] + dy / this.k];
    this.moved = true;
  }
  centre(p) {
    this.middle = [this.across(p), this.along(p)];
    this.moved = true;
  }
}
