"use strict";
// Fills the map from the packed arrays and keeps map, charts, clock and address in step.
(() => {
  const page = JSON.parse(document.getElementById("payload").textContent);
  const NO_CLASS = 255, NO_VALUE = 65535, ABSENT = "#dcdcda", SAME = "#b9bec5";
  // Differences: pale for areas, dark for the lines and points that lie on them.
  const MORE = ["#fee3c2", "#fdbf7c", "#f0953f"], LESS = ["#e3e0f0", "#bdb6da", "#9088bd"];
  const MORE_INK = ["#c05a0a", "#8a3c06", "#592603"], LESS_INK = ["#7a6bb0", "#55379a", "#2d1163"];
  const CLEAR = "rgba(0,0,0,0)";
  const state = { t: page.worst, mode: "a", timer: 0 };
  const find = (id) => document.getElementById(id);
  const model = (name) => Bokeh.documents.map((d) => d.get_model_by_name(name)).find((m) => m);

  async function unpack(text) {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }
  function accumulate(array, n) {
    for (let i = n; i < array.length; i++) array[i] += array[i - n];
    return array;
  }
  async function shapes(packed) {
    const counts = new Uint32Array(await unpack(packed.counts));
    const steps = accumulate(new Int32Array(await unpack(packed.steps)), 2);
    const xs = [], ys = [];
    let at = 0;
    for (const count of counts) {
      const x = new Array(count), y = new Array(count);
      for (let k = 0; k < count; k++, at++) { x[k] = steps[2 * at] / 10; y[k] = steps[2 * at + 1] / 10; }
      xs.push(x); ys.push(y);
    }
    return { xs, ys };
  }

  async function decode(layer) {
    const cells = layer.kind === "raster" ? layer.nx * layer.ny : layer.n;
    layer.size = cells;
    layer.data = {};
    for (const [k, run] of layer.runs.entries()) {
      const key = "ab"[k];
      if (run === null) continue;
      if (layer.kind === "raster") layer.data[key] = accumulate(new Uint8Array(await unpack(run)), cells);
      else layer.data[key] = {
        cls: accumulate(new Uint8Array(await unpack(run.cls)), cells),
        val: accumulate(new Uint16Array(await unpack(run.val)), cells),
      };
    }
    if (layer.kind === "raster") return;
    layer.coded = coded(layer);
    layer.names = JSON.parse(new TextDecoder().decode(await unpack(layer.names)));
    const found = await shapes(layer.shapes);
    layer.xs = layer.kind === "lines" ? found.xs : found.xs.map((x) => x[0]);
    layer.ys = layer.kind === "lines" ? found.ys : found.ys.map((y) => y[0]);
  }

  // Limits at 0.5, 1.5, ... mean that the values are codes (0 open, 1 slowed): their words say more than the number.
  const coded = (layer) => layer.digits === 0 && layer.unit === "" && layer.breaks.every((b, k) => b === k + 0.5);
  const say = (layer, v) => {
    if (v === null) return "not in this run";
    if (layer.coded) return layer.labels[Math.max(0, Math.min(layer.labels.length - 1, Math.round(v)))];
    return `${v.toFixed(layer.digits)} ${layer.unit}`.trim();
  };
  const value = (layer, key, i) => {
    const run = layer.data[key];
    if (!run) return null;
    const q = run.val[state.t * layer.size + i];
    return q === NO_VALUE ? null : layer.low + q * layer.step;
  };

  function drawRaster(i, layer) {
    const source = model(`source-${i}`), mapper = model(`mapper-${i}`), image = source.data.image[0];
    const from = state.t * layer.size, to = from + layer.size;
    const part = (key) => (layer.data[key] ? layer.data[key].subarray(from, to) : new Uint8Array(layer.size));
    if (state.mode === "d") {
      const a = part("a"), b = part("b");
      for (let k = 0; k < layer.size; k++) {
        const d = a[k] - b[k];
        image[k] = d === 0 ? 0 : Math.max(1, Math.min(255, 128 + d));
      }
      mapper.palette = layer.diffPalette;
    } else {
      image.set(part(state.mode));
      mapper.palette = layer.palette;
    }
    source.change.emit();
  }

  function drawElements(i, layer) {
    const source = model(`source-${i}`), d = source.data, from = state.t * layer.size;
    const a = layer.data.a, b = layer.data.b, run = state.mode === "b" ? b : a;
    const thin = Math.min(...layer.widths), wide = Math.max(...layer.widths);
    const word = layer.hover, two = page.compares;
    for (let k = 0; k < layer.size; k++) {
      if (state.mode === "d") {
        const ca = a ? a.cls[from + k] : NO_CLASS, cb = b ? b.cls[from + k] : NO_CLASS;
        const known = ca !== NO_CLASS && cb !== NO_CLASS;
        const grade = Math.min(Math.abs(ca - cb), 3) - 1;
        d.colour[k] = !known ? ABSENT : grade < 0 ? SAME : (ca > cb ? MORE_INK : LESS_INK)[grade];
        d.width[k] = !known || grade < 0 ? thin : Math.max(0.7 * wide, thin + 1);
      } else {
        const c = run ? run.cls[from + k] : NO_CLASS;
        d.colour[k] = c === NO_CLASS ? ABSENT : layer.colours[c];
        d.width[k] = c === NO_CLASS ? thin : layer.widths[c];
      }
      const va = value(layer, "a", k);
      d.text[k] = two
        ? `${word}: ${say(layer, va)}; baseline ${say(layer, value(layer, "b", k))}`
        : `${word}: ${say(layer, va)}`;
    }
    source.change.emit();
  }

  function draw() {
    page.layers.forEach((layer, i) => {
      if (!model(`layer-${i}`).visible) return;
      (layer.kind === "raster" ? drawRaster : drawElements)(i, layer);
    });
    for (let k = 0; k < page.charts; k++) model(`cursor-${k}`).location = page.ms[state.t];
    if (!page.layers.length) return;
    find("clock").textContent = page.clock[state.t].slice(0, 5);
    find("slider").value = state.t;
    find("slider").setAttribute("aria-valuetext", page.clock[state.t]);
    document.querySelectorAll(".modes button").forEach((b) =>
      b.setAttribute("aria-pressed", String(b.dataset.mode === state.mode)));
    const next = page.times[state.t + 1] ?? Infinity;
    document.querySelectorAll(".story button").forEach((b) => {
      const s = Number(b.dataset.s);
      b.parentElement.classList.toggle("now", s >= page.times[state.t] && s < next);
    });
  }

  function go(t) {
    state.t = Math.max(0, Math.min(page.times.length - 1, t));
    draw();
    remember();
  }
  function remember() {
    const where = (hidden) => page.layers.map((_, i) => i).filter(hidden).join(".");
    const off = where((i) => !model(`layer-${i}`).visible), usual = where((i) => !page.layers[i].on);
    const text = `#t=${page.clock[state.t].slice(0, 5)}&run=${state.mode}` + (off === usual ? "" : `&off=${off}`);
    if (!state.timer) try { history.replaceState(null, "", text); } catch { /* an embedding page may forbid it */ }
  }
  function recall() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const t = asked.get("t");
    if (t && t.includes(":")) {
      const at = page.clock.findIndex((c) => c.startsWith(t));
      if (at >= 0) state.t = at;
    } else if (t && Number.isFinite(Number(t))) {
      state.t = Math.max(0, Math.min(page.times.length - 1, Math.round(Number(t))));
    }
    if (page.compares && ["a", "b", "d"].includes(asked.get("run"))) state.mode = asked.get("run");
    if (asked.has("off")) {
      const off = asked.get("off").split(".").filter(Boolean).map(Number);
      page.layers.forEach((_, i) => { model(`layer-${i}`).visible = !off.includes(i); });
    }
  }

  // The last picture at or before a time in seconds.
  function pictureAt(seconds) {
    let at = 0;
    page.times.forEach((t, i) => { if (t <= seconds + 1e-6) at = i; });
    return at;
  }

  function swatch(kind, colour, width) {
    const inner = kind === "raster"
      ? `<rect x="1" y="1" width="22" height="12" fill="${colour}" stroke="#8a9099" stroke-width="0.6"/>`
      : kind === "lines"
        ? `<line x1="1" y1="7" x2="23" y2="7" stroke="${colour}" stroke-width="${Math.max(width, 1.5)}"/>`
        : `<circle cx="12" cy="7" r="${Math.min(Math.max(width / 2, 2), 6.5)}" fill="${colour}" stroke="#24282d" stroke-width="0.6"/>`;
    return `<svg width="24" height="14" aria-hidden="true">${inner}</svg>`;
  }
  function legend() {
    const panel = find("legend");
    panel.replaceChildren();
    page.layers.forEach((layer, i) => {
      const field = document.createElement("fieldset");
      const label = document.createElement("label"), box = document.createElement("input");
      box.type = "checkbox";
      box.checked = model(`layer-${i}`).visible;
      field.classList.toggle("off", !box.checked);
      box.addEventListener("change", () => {
        model(`layer-${i}`).visible = box.checked;
        field.classList.toggle("off", !box.checked);
        draw();
        remember();
      });
      label.append(box, layer.title);
      field.append(label);
      const wide = Math.max(...layer.widths);
      const rows = state.mode === "d"
        ? [[(layer.kind === "raster" ? MORE : MORE_INK)[1], wide, "more than baseline"],
           [(layer.kind === "raster" ? LESS : LESS_INK)[1], wide, "less than baseline"],
           ...(layer.kind === "raster" ? [] : [[SAME, Math.min(...layer.widths), "same class"]])]
        : layer.colours.map((c, k) => [c, layer.widths[k], layer.labels[k]])
            .filter((_, k) => layer.kind !== "raster" || k > 0);
      for (const [colour, width, text] of rows) {
        const row = document.createElement("div");
        row.className = "class";
        row.innerHTML = swatch(layer.kind, colour, width);
        row.append(text);
        field.append(row);
      }
      panel.append(field);
    });
  }

  // Equal axes: the extent fills the frame and what is left over is shared on both sides.
  function fit() {
    const map = model("map"), [west, south, east, north] = page.box;
    const w = map.inner_width, h = map.inner_height;
    if (!w || !h) return;
    const perPixel = Math.max((east - west) / w, (north - south) / h);
    const set = (range, low, high, pixels) => {
      const mid = (low + high) / 2, half = (perPixel * pixels) / 2;
      range.setv({ start: mid - half, end: mid + half, reset_start: mid - half, reset_end: mid + half });
    };
    set(map.x_range, west, east, w);
    set(map.y_range, south, north, h);
  }

  function probe(x, y) {
    const texts = [];
    page.layers.forEach((layer, i) => {
      if (layer.kind !== "raster" || !model(`layer-${i}`).visible) return;
      const column = Math.floor((x - (layer.x - page.origin[0])) / layer.cell);
      const row = Math.floor((y - (layer.y - page.origin[1])) / layer.cell);
      if (!(column >= 0 && column < layer.nx && row >= 0 && row < layer.ny)) return;
      const at = state.t * layer.size + row * layer.nx + column;
      const level = (key) => {
        if (!layer.data[key]) return "not in this run";
        const v = layer.data[key][at] * layer.step, most = layer.data[key][at] === 255 ? "over " : "";
        return layer.unit === "m" ? `${most}${Math.round(100 * v)} cm` : `${most}${v.toPrecision(3)} ${layer.unit}`;
      };
      texts.push(`${layer.title}: ${level("a")}` + (page.compares ? ` (baseline ${level("b")})` : ""));
    });
    find("probe").textContent = Number.isNaN(x) ? "Point at the map for values; scroll to zoom."
      : [`${x.toFixed(0)} m E, ${y.toFixed(0)} m N`, ...texts].join(" · ");
  }

  function setMode(mode) {
    state.mode = mode;
    legend();
    draw();
    remember();
  }
  function play() {
    const button = find("play");
    if (state.timer) { clearInterval(state.timer); state.timer = 0; button.textContent = "▶ Play"; remember(); return; }
    button.textContent = "❚❚ Pause";
    state.timer = setInterval(() => go((state.t + 1) % page.times.length), 220);
  }

  function palettes(layer) {
    layer.palette = Array.from({ length: 255 }, (_, k) => layer.colours[layer.level_class[k + 1]]);
    layer.diffPalette = Array.from({ length: 255 }, (_, k) => {
      const d = k + 1 - 128, grade = Math.abs(d) >= 15 ? 2 : Math.abs(d) >= 5 ? 1 : 0;
      return d === 0 ? CLEAR : (d > 0 ? MORE : LESS)[grade];
    });
  }

  function wire() {
    document.querySelectorAll(".modes button").forEach((b) => b.addEventListener("click", () => setMode(b.dataset.mode)));
    document.querySelectorAll(".story button").forEach((b) =>
      b.addEventListener("click", () => go(pictureAt(Number(b.dataset.s)))));
    if (!page.layers.length) return;
    find("slider").max = page.times.length - 1;
    find("slider").addEventListener("input", (e) => go(Number(e.target.value)));
    find("play").addEventListener("click", play);
    document.addEventListener("keydown", (e) => {
      if (/INPUT|BUTTON|SUMMARY/.test(e.target.tagName)) return;
      if (e.key === "ArrowRight") go(state.t + 1);
      else if (e.key === "ArrowLeft") go(state.t - 1);
      else if (e.key === " ") { e.preventDefault(); play(); }
    });
    addEventListener("hashchange", () => { recall(); legend(); draw(); });
    const map = model("map");
    map.properties.inner_width.change.connect(fit);
    map.properties.inner_height.change.connect(fit);
  }

  async function begin() {
    while (!(window.Bokeh && Bokeh.documents.length && (!page.layers.length || model("map")))) {
      await new Promise((done) => setTimeout(done, 20));
    }
    page.compares = Boolean(document.querySelector(".modes"));
    await Promise.all(page.layers.map(decode));
    page.layers.forEach((layer, i) => {
      if (layer.kind === "raster") { palettes(layer); return; }
      const blank = (v) => new Array(layer.n).fill(v);
      model(`source-${i}`).data = { xs: layer.xs, ys: layer.ys, colour: blank(ABSENT), width: blank(1),
        name: layer.names, text: blank("") };
    });
    if (page.layers.length) {
      const lines = await shapes(page.backdrop), areas = await shapes(page.areas);
      model("backdrop").data = lines;
      model("areas").data = { xs: areas.xs.map((x) => [[x]]), ys: areas.ys.map((y) => [[y]]) };
      recall();
      legend();
    }
    window.twin = { go, probe, state, setMode, at: (ms) => go(pictureAt((ms - page.ms[0]) / 1000 + page.times[0])) };
    wire();
    fitWhenLaidOut();
    draw();
    document.body.dataset.ready = "1";
  }
  function fitWhenLaidOut() {
    if (page.layers.length) fit();
  }
  begin();
})();
