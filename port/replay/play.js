// The controls: one state (second, speed, view, selection), one frame after another.
(async () => {
  const page = JSON.parse(document.getElementById("payload").textContent);
  const find = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), attributes);
    node.append(...children);
    return node;
  };
  const yard = await Yard.read(page);
  const view = new View(yard, find("canvas")), painter = new Painter(yard, view);
  const SPEEDS = [1, 5, 10, 30, 60, 120, 300, 600], HIT_PX = 14;
  const state = { t: 0, speed: 30, playing: false, follow: null, seen: 0, panel: -1 };
  const LOUD = new Set(["cranes_stopped", "cranes_back", "gate_closed", "gate_open", "lane_closed", "lane_open",
    "trucks_stopped", "trucks_back", "gridlock", "breakdown", "machine_fails", "unit_out", "cellular_out"]);
  const UNTIL = { cranes_stopped: "cranes_back", gate_closed: "gate_open", trucks_stopped: "trucks_back",
    cellular_out: "cellular_back" };
  const WORDS = ["no ship", "working", "waiting for a truck", "stopped", "broken down"];

  // What is where

  function go(t) {
    state.t = Math.max(0, Math.min(yard.length_s, t));
    paint();
  }
  function spotOf(chosen, now) {
    if (chosen.kind === "truck") {
      const found = now.trucks.find((truck) => truck.k === chosen.k);
      return found ? [found.at.x, found.at.y] : null;
    }
    return chosen.kind === "crane" ? yard.cranes[chosen.k].at : painter.gantryAt(chosen.k);
  }
  function paint() {
    const now = yard.census(state.t);
    if (state.follow) {
      const spot = spotOf(state.follow, now);
      if (spot && state.follow.hold) view.centre(spot);
    }
    painter.frame(state.t, now);
    find("clock").textContent = yard.clock(state.t);
    find("slider").value = Math.round(state.t);
    find("slider").setAttribute("aria-valuetext", yard.clock(state.t));
    card(now);
    const due = Math.floor(state.t);
    if (due !== state.panel) { state.panel = due; panel(now); happened(); strip(); }
    return now;
  }

  // The panel beside the map

  function panel(now) {
    const { count, cranes, gantries } = now, of = (states, code) => states.filter((s) => s === code).length;
    const rows = [
      ["head", "Quay", ""],
      ["", "Boxes moved so far", now.done],
      ["", "Moves an hour, last 15 min", Math.round(now.rate)],
      ["head", "Quay cranes", cranes.length],
      ["sub", "working", of(cranes, WORKING)],
      ["sub", "waiting for a truck or box", of(cranes, WAITING)],
      ["sub", "stopped or broken", of(cranes, STOPPED) + of(cranes, BROKEN)],
      ["sub", "no ship", of(cranes, NO_WORK)],
      ["head", "Driverless trucks", yard.own],
      ["sub", "driving", count.drives],
      ["sub", "held up by traffic", count.queues],
      ["sub", "in line at a crane or block", count.inLine],
      ["sub", "being loaded or unloaded", count.served],
      ["sub", "without an order", count.idle],
      ["sub", "in trouble", count.trouble],
      ["head", "Road trucks inside", count.road],
      ["sub", now.closed ? "outside (gate closed)" : "waiting outside", now.outside],
      ["head", "Gantries working", `${of(gantries, WORKING)} of ${gantries.length}`],
    ];
    if (now.lanes.some((s) => s !== OPEN))
      rows.push(["head", "Lanes closed / slowed by water", `${of(now.lanes, CLOSED)} / ${of(now.lanes, SLOWED)}`]);
    find("now").replaceChildren(...rows.map(([kind, name, value]) =>
      make("tr", { className: kind }, make("th", { scope: "row", className: kind, textContent: name }),
        make("td", { textContent: value }))));
  }
  function happened() {
    let latest = null;
    for (const [i, li] of [...find("told").children].entries()) {
      const past = yard.told[i] && yard.told[i].s <= state.t;
      li.classList.toggle("past", Boolean(past));
      li.classList.remove("now");
      if (past) latest = li;
    }
    if (latest) latest.classList.add("now");
    const still = yard.told.filter((e) => e.s <= state.t && holds(e));
    const lasting = still.filter((e) => UNTIL[e.what]).slice(-3), latest10 = still.filter((e) => e.s > state.t - 600).slice(-1);
    const words = [...new Set([...lasting, ...latest10])].map((e) => `${yard.clock(e.s, false)} ${e.text}`);
    find("banner").textContent = words.join(" · ");
  }
  // What is worth a banner: for ten minutes, or until its end where that is told too.
  function holds(entry) {
    if (!LOUD.has(entry.what)) return false;
    const over = UNTIL[entry.what];
    return !over || !yard.told.some((e) => e.what === over && e.s > entry.s && e.s <= state.t);
  }

  // The card of what was clicked

  function card(now) {
    const box = find("card"), chosen = state.follow;
    box.hidden = chosen === null;
    if (chosen === null) return;
    const [name, ...lines] = chosen.kind === "truck" ? aboutTruck(chosen.k, now) : aboutMachine(chosen, now);
    const text = [name, ...lines].join("\n");
    if (box.dataset.text === text) return;
    box.dataset.text = text;
    const close = make("button", { type: "button", textContent: "×", title: "Let go (Esc)", onclick: release });
    box.replaceChildren(close, make("b", { textContent: name }), ...lines.map((l) => make("div", { textContent: l })));
  }
  function aboutTruck(k, now) {
    const kind = k < yard.own ? "driverless truck" : "road truck with a driver", name = yard.names[k];
    const truck = now.trucks.find((found) => found.k === k);
    if (!truck) return [name, kind, "is not in the terminal now"];
    const lane = yard.lanes[truck.at.lane].id;
    const place = truck.what >= IN_LINE && yard.places[truck.where] ? yard.places[truck.where].id : "";
    const does = [`drives on ${lane}`, `waits at the end of ${lane}`, `in line at ${place}`, `is served at ${place}`,
      `stands at ${place} without an order`, `stands at ${place}, wants to go`,
      `waits beside ${lane}: no open way to its goal`][truck.what];
    const load = truck.at.boxes ? `${truck.at.boxes} box${truck.at.boxes > 1 ? "es" : ""}` : "empty";
    return [name, kind, ...(truck.trouble ? [truck.trouble] : []), does, load];
  }
  function aboutMachine({ kind, k }, now) {
    if (kind === "gantry") {
      const { id, block } = yard.gantries[k], place = 1 + yard.cranes.length + block, state = now.gantries[k];
      const stock = yard.stockAt(state.t);
      const held = stock ? [`${stock[block]} of ${yard.blocks[block].capacity} boxes in the block`] : [];
      return [id, "yard gantry", state === NO_WORK ? "no truck" : WORDS[state], `${now.lines[place]} in line at the block`, ...held];
    }
    const hour = countUntil(yard.craneMoves[k], state.t) - countUntil(yard.craneMoves[k], state.t - 3600);
    return [yard.cranes[k].id, "quay crane", WORDS[now.cranes[k]], `${now.lines[1 + k]} in line`,
      `${hour} boxes in the last hour`];
  }

  // The strip above the slider: moves an hour, and marks where something happened

  function strip() {
    const canvas = find("strip"), ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
    canvas.width = w * ratio; canvas.height = h * ratio;
    const g = canvas.getContext("2d");
    g.scale(ratio, ratio);
    g.fillStyle = "#f5f5f2"; g.fillRect(0, 0, w, h);
    const n = Math.max(1, Math.round(w / 4)), rates = [];
    for (let i = 0; i <= n; i++) {
      const t = yard.length_s * i / n;
      rates.push(countUntil(yard.moveTimes, t) - countUntil(yard.moveTimes, t - 900));
    }
    const top = Math.max(...rates, 1);
    g.beginPath(); g.moveTo(0, h);
    rates.forEach((r, i) => g.lineTo(w * i / n, h - 2 - (h - 13) * r / top));
    g.lineTo(w, h); g.closePath(); g.fillStyle = "#b7cbdc"; g.fill();
    g.font = "10.5px system-ui, sans-serif"; g.fillStyle = PAINT.soft; g.textBaseline = "top";
    g.fillText("moves over the quay", 4, 1);
    for (const e of yard.told) {
      if (!LOUD.has(e.what)) continue;
      g.fillStyle = "#b3440e"; g.fillRect(w * e.s / yard.length_s - 1, 0, 2.5, 8);
    }
    g.fillStyle = PAINT.ink; g.fillRect(w * state.t / yard.length_s - 1, 0, 2, h);
  }

  // The legend

  function legend() {
    const svg = (inner) => make("span", { innerHTML: `<svg width="28" height="16" aria-hidden="true">${inner}</svg>` });
    const truck = (colour, full) => svg(`<rect x="5" y="5" width="18" height="6.5" fill="${full ? colour : "#fff"}" stroke="${colour}" stroke-width="1.5"/>`);
    const box = (colour, mark = "") => svg(`<rect x="7" y="2" width="14" height="12" fill="${colour}" stroke="#1d2126"/>${mark}`);
    const bar = `<path d="M10 8h8" stroke="#fff" stroke-width="2.2"/>`, cross = `<path d="M10.5 4.5l7 7m0-7l-7 7" stroke="#fff" stroke-width="2.2"/>`;
    const [none, works, waits, stopped, broken] = PAINT.machine;
    const row = (picture, words) => make("div", {}, picture, words);
    const tick = (key, words, ...rest) => {
      const input = make("input", { type: "checkbox", checked: painter.show[key] });
      input.addEventListener("change", () => { painter.show[key] = input.checked; paint(); });
      return make("label", {}, input, words, ...rest);
    };
    const parts = [
      make("h3", { textContent: "Trucks" }),
      row(truck(PAINT.own, true), "driverless, with a box"), row(truck(PAINT.own, false), "driverless, empty"),
      row(truck(PAINT.road, true), "road truck (driver), with a box"), row(truck(PAINT.road, false), "road truck, empty"),
      row(truck(PAINT.trouble, true), "! broken down or calling for help"),
      make("h3", { textContent: "Quay cranes and gantries" }),
      row(box(works), "working"), row(box(waits), "at a ship, waiting for a truck or box"),
      row(box(stopped, bar), "stopped (wind, water, power, order)"), row(box(broken, cross), "broken down"),
      row(box(none), "no ship, or no truck"),
      make("h3", { textContent: "Lanes and lines" }),
      row(svg(`<circle cx="14" cy="8" r="7" fill="${PAINT.badge}" stroke="#1d2126"/><text x="14" y="12" font-size="10.5" text-anchor="middle">3</text>`), "trucks in line there (dark: 5 or more)"),
    ];
    if (yard.lanes.some((l) => l.oneway))
      parts.push(row(svg(`<path d="M9 3l6 5-6 5" fill="none" stroke="#8a9099" stroke-width="1.8"/>`), "one-way lane"));
    const wet = yard.lane_steps.flat().map((s) => s[1]);
    if (wet.includes(SLOWED)) parts.push(row(svg(`<path d="M2 8h24" stroke="${PAINT.slowed}" stroke-width="6"/>`), "lane slowed by water"));
    if (wet.includes(CLOSED)) parts.push(row(svg(`<path d="M2 8h24" stroke="${PAINT.closed}" stroke-width="7"/><text x="14" y="12" font-size="11" fill="#fff" text-anchor="middle">×</text>`), "lane closed by water"));
    if (yard.stock) parts.push(row(svg(`<defs><linearGradient id="fill"><stop offset="0" stop-color="#e2dfd8"/><stop offset="1" stop-color="#9c9992"/></linearGradient></defs><rect x="3" y="3" width="22" height="10" fill="url(#fill)" stroke="#a5a29a"/>`), "block: empty to full"));
    if (yard.cover) {
      parts.push(make("h3", { textContent: "Messages heard from roadside units" }), tick("cover", "show"));
      COVER.forEach((c, i) => parts.push(row(svg(`<rect x="3" y="2" width="22" height="12" fill="${c || "#fff"}" fill-opacity="0.45" stroke="#8a9099"/>`), COVER_WORDS[i])));
      parts.push(row(svg(`<path d="M14 1l7 13h-14z" fill="#1d2126"/>`), "roadside unit (white with ×: out)"));
    }
    parts.push(make("h3", { textContent: "Show" }), tick("badges", "numbers in line"), tick("names", "names"));
    find("legend").replaceChildren(...parts);
  }

  // Acting on it

  function play(on) {
    state.playing = on;
    find("play").textContent = on ? "❚❚ Pause" : "▶ Play";
    if (!on) return remember();
    if (state.t >= yard.length_s) state.t = 0;
    state.seen = performance.now();
    requestAnimationFrame(tick);
  }
  function tick(time) {
    if (!state.playing) return;
    const passed = Math.min(0.25, Math.max(0, (time - state.seen) / 1000));
    state.seen = time;
    go(state.t + passed * state.speed);
    if (state.t >= yard.length_s) return play(false);
    requestAnimationFrame(tick);
  }
  function speed(value) {
    state.speed = value;
    find("speed").value = String(value);
  }
  function release() {
    state.follow = painter.selected = null;
    paint();
    remember();
  }
  function choose(kind, k) {
    painter.selected = { kind, k };
    state.follow = { kind, k, hold: true };
    if (view.k < 1.6) { view.zoom(1.6 / view.k, view.w / 2, view.h / 2); }
    paint();
    remember();
  }
  function hit(x, y) {
    const now = yard.census(state.t);
    let best = null, least = HIT_PX;
    const look = (kind, k, px, py, slack = 0) => {
      const away = Math.hypot(px - x, py - y) - slack;
      if (away < least) { least = away; best = [kind, k]; }
    };
    for (const { k, at } of now.trucks) look("truck", k, ...view.truck(at), 2);
    yard.cranes.forEach((c, k) => {
      for (const up of [-8, 8, 24]) look("crane", k, view.x(painter.off(c.at, up)), view.y(painter.off(c.at, up)));
    });
    yard.gantries.forEach((_, k) => { const p = painter.gantryAt(k); look("gantry", k, view.x(p), view.y(p)); });
    return best;
  }
  function called(name) {
    const lists = [["truck", yard.names], ["crane", yard.cranes.map((c) => c.id)], ["gantry", yard.gantries.map((g) => g.id)]];
    for (const [kind, names] of lists) {
      const k = names.indexOf(name);
      if (k >= 0) return [kind, k];
    }
    return null;
  }
  const nameOf = ({ kind, k }) => (kind === "truck" ? yard.names[k] : (kind === "crane" ? yard.cranes : yard.gantries)[k].id);
  function remember() {
    const text = `#t=${Math.round(state.t)}&speed=${state.speed}` + (state.follow ? `&follow=${nameOf(state.follow)}` : "");
    try { history.replaceState(null, "", text); } catch { /* an embedding page may forbid it */ }
  }
  function recall() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const t = Number(asked.get("t")), rate = Number(asked.get("speed"));
    if (Number.isFinite(t)) state.t = Math.max(0, Math.min(yard.length_s, t));
    if (SPEEDS.includes(rate)) state.speed = rate;
    const found = asked.get("follow") && called(asked.get("follow"));
    if (found) choose(...found);
  }

  const canvas = find("canvas");
  let held = null;
  canvas.addEventListener("pointerdown", (e) => {
    held = { x: e.offsetX, y: e.offsetY, moved: false };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!held) { canvas.style.cursor = hit(e.offsetX, e.offsetY) ? "pointer" : "grab"; return; }
    const dx = e.offsetX - held.x, dy = e.offsetY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    if (state.follow) state.follow.hold = false;
    view.pan(dx, dy);
    held = { x: e.offsetX, y: e.offsetY, moved: true };
    paint();
  });
  canvas.addEventListener("pointerup", (e) => {
    const click = held && !held.moved;
    held = null;
    if (!click) return;
    const found = hit(e.offsetX, e.offsetY);
    if (found) choose(...found); else if (state.follow) release();
  });
  canvas.addEventListener("wheel", (e) => {
    e.preventDefault();
    view.zoom(Math.exp(-e.deltaY * 0.0015), e.offsetX, e.offsetY);
    paint();
  }, { passive: false });

  const zoom = (factor) => { view.zoom(factor, view.w / 2, view.h / 2); paint(); };
  const fit = () => { if (state.follow) state.follow.hold = false; view.fit(); paint(); };
  find("zoom-in").onclick = () => zoom(1.4);
  find("zoom-out").onclick = () => zoom(1 / 1.4);
  find("fit").onclick = fit;
  find("play").onclick = () => play(!state.playing);
  find("back").onclick = () => go(state.t - 10);
  find("forth").onclick = () => go(state.t + 10);
  find("slider").addEventListener("input", (e) => go(Number(e.target.value)));
  find("slider").addEventListener("change", remember);
  find("strip").addEventListener("click", (e) => { go(yard.length_s * e.offsetX / e.target.clientWidth); remember(); });
  find("speed").addEventListener("change", (e) => { speed(Number(e.target.value)); remember(); });
  document.addEventListener("keydown", (e) => {
    if (["INPUT", "SELECT"].includes(e.target.tagName) && e.key !== " " && e.key !== "Escape") return;
    const big = e.shiftKey ? 300 : 10;
    const acts = { " ": () => play(!state.playing), ArrowLeft: () => go(state.t - big), ArrowRight: () => go(state.t + big),
      "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: fit, Escape: release,
      Home: () => go(0), End: () => go(yard.length_s) };
    if (!acts[e.key] || e.ctrlKey || e.metaKey || e.target.tagName === "BUTTON" && e.key === " ") return;
    e.preventDefault();
    acts[e.key]();
  });
  new ResizeObserver(() => { view.resize(); strip(); paint(); }).observe(find("map"));

  find("title").textContent = yard.title;
  find("subtitle").textContent = `${yard.terminal}: ${yard.cranes.length} quay cranes, ${yard.blocks.length} blocks, ${yard.own} driverless trucks. ${yard.day}, ${yard.clock(0, false)} to ${yard.clock(yard.length_s, false)}`;
  find("slider").max = Math.floor(yard.length_s);
  find("speed").append(...SPEEDS.map((s) => make("option", { value: String(s), textContent: `${s}×` })));
  find("told").append(...yard.told.map((e) => make("li", {},
    make("button", { type: "button", textContent: yard.clock(e.s, false), onclick: () => { go(e.s); remember(); } }),
    make("span", { textContent: e.text }))));
  if (!yard.told.length) find("told").append(make("li", { textContent: "Nothing out of the ordinary." }));
  legend();
  view.resize();
  recall();
  speed(state.speed);
  paint();
  window.replay = { yard, view, painter, state, go, paint, play, choose, release, hit };
  document.body.dataset.ready = "1";
})();
