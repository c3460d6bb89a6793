/* The explorer on a page: a function, what it does to signals and gradients of 50 layers, and another one beside it. */

const LAYERS = 50;
const SEEN = 10; // the range is that of |z| up to here
const SHOWN = 5; // and the picture shows so much
const CURVES = { width: 340, height: 230, left: 28, right: 6, top: 8, bottom: 22 };
const DEPTHS = { width: 340, height: 220, left: 46, right: 8, top: 8, bottom: 34 };
const GAINS = [0.1, 10];
const BEST = { f: "gelu", set: {}, gain: null, beside: "", z: 1 };
const ofExploring = (key) => key === "explore" || key.startsWith("explore.");

/* What an address says of the explorer; what it says wrongly is the default. A gain of null is the computed one. */
function readExplored(query) {
  const found = structuredClone(BEST);
  found.f = READ.f(query.get("explore") ?? "") ?? found.f;
  if (found.f === "own") found.own = readOwn(query.get("explore.own"));
  found.set = readSet(query, found.f, "explore.");
  found.gain = within(...GAINS, false)(query.get("explore.gain") ?? "") ?? null;
  found.beside = oneOf(FUNCTIONS)(query.get("explore.beside") ?? "") ?? "";
  found.z = within(-SEEN, SEEN, false)(query.get("explore.z") ?? "") ?? BEST.z;
  return found;
}

function writeExplored(query, { f, own, set, gain, beside, z }) {
  query.set("explore", f);
  if (f === "own") query.set("explore.own", own);
  for (const [words, value] of Object.entries(set)) query.set(`explore.set.${words}`, value);
  if (gain !== null) query.set("explore.gain", gain);
  if (beside) query.set("explore.beside", beside);
  if (z !== BEST.z) query.set("explore.z", z);
}

/* A number of the theory in words; NaN is one that is not there. */
const found = (value) => (Number.isNaN(value) ? "does not settle" : said(Math.abs(value) < 1e-14 ? 0 : value, 6));
const places = (list) => list.map((z) => said(z, 4)).join(", ");

function wordsOfBreaks(breaks) {
  const kinds = [["kink", "kinks"], ["jump", "jumps"], ["pole", "poles"]];
  const parts = kinds.flatMap(([kind, many]) => {
    const at = breaks.filter((one) => one.kind === kind).map(({ z }) => z);
    const more = at.length > 6 ? ` and ${at.length - 6} more` : "";
    return at.length ? [`${at.length > 1 ? many : kind} at z = ${places(at.slice(0, 6))}${more}`] : [];
  });
  return parts.join("; ") || "none";
}

/* Least and largest value for |z| up to SEEN, and where there is none. */
function rangeOf(theory) {
  let [low, high, lost] = [Infinity, -Infinity, false];
  for (let k = -100 * SEEN; k <= 100 * SEEN; k++) {
    const value = theory.f(k / 100);
    if (Number.isNaN(value)) lost = true;
    else [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) return "no number anywhere";
  return `${said(low, 4)} to ${said(high, 4)}${lost ? "; no number at some z" : ""}`;
}

function wordsOfEdge(edge) {
  if (!edge) return "none found";
  if (edge.kind === "every q") return `gain ${said(edge.gain, 6)}, at every mean square`;
  const at = edge.kind === "point" ? `mean square ${said(edge.q, 6)}` : "the limit of mean square 0";
  return `gain ${said(edge.gain, 6)}, at ${at}`;
}
const NEARBY = { stable: "are drawn in", unstable: "run away", neutral: "stay as they are" };

/* The first layer at which a root mean square is no number of a format other than 0; the layers in that order. */
function leaves(squares, format) {
  const least = 2 ** (format.least - format.digits + 1);
  return squares.findIndex((square) => {
    const root = Math.sqrt(square);
    return !(root > least / 2 && root <= largestOf(format));
  });
}
function wordsOfLeaving({ forward, backward }, format) {
  const up = leaves(forward, format);
  const down = leaves([...backward].reverse(), format);
  const parts = [];
  if (up >= 0) parts.push(`signal from layer ${up} on`);
  if (down >= 0) parts.push(`gradient from layer ${LAYERS - down} down`);
  return parts.join("; ") || "all inside";
}

/* f, f' and f'' from -SHOWN to SHOWN; a jump has no stroke, and what is too large for the picture leaves it. */
function drawCurves(svg, theory, color, z) {
  const { width, height, left, right, top, bottom } = CURVES;
  const count = 40 * SHOWN + 1;
  const at = [...Array(count).keys()].map((k) => -SHOWN + (2 * SHOWN * k) / (count - 1));
  const lines = at.map((place) => [...theory.both(place), theory.bend(place)]);
  const finite = lines.flat().filter(Number.isFinite);
  const low = Math.max(Math.min(...finite, -0.25), -2.5) - 0.1;
  const high = Math.min(Math.max(...finite, 1.25), 3.5) + 0.1;
  const across = (place) => left + ((width - left - right) * (place + SHOWN)) / (2 * SHOWN);
  const down = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
  const inside = (value) => value >= low && value <= high;
  const cut = (i) => theory.breaks.some((one) => at[i - 1] <= one.z && one.z <= at[i]);
  const line = (which) => {
    let path = "", pen = false;
    lines.forEach((values, i) => {
      const value = values[which];
      if (!inside(value)) return (pen = false);
      const jump = i && cut(i) && Math.abs(value - lines[i - 1][which]) > 0.1;
      path += `${pen && !jump ? "L" : "M"}${across(at[i]).toFixed(1)} ${down(value).toFixed(1)}`;
      pen = true;
    });
    return path;
  };
  const parts = [make("path", { class: "lab-axis",
    d: `M${left} ${down(0)}H${width - right}M${across(0)} ${top}V${height - bottom}` })];
  for (const tick of [-4, -2, 2, 4]) {
    parts.push(make("path", { class: "lab-axis", d: `M${across(tick)} ${height - bottom}v4` }),
      make("text", { x: across(tick), y: height - 5, "text-anchor": "middle" }, said(tick)));
  }
  for (let tick = Math.ceil(low); tick <= high; tick++) {
    parts.push(make("path", { class: "lab-axis", d: `M${left - 4} ${down(tick)}h4` }),
      make("text", { x: left - 7, y: down(tick) + 4, "text-anchor": "end" }, said(tick)));
  }
  if (Math.abs(z) <= SHOWN) parts.push(make("path", { class: "lab-here", d: `M${across(z)} ${top}V${height - bottom}` }));
  parts.push(make("path", { class: "lab-bend", d: line(2) }), make("path", { class: "lab-slope", d: line(1) }),
    make("path", { class: "lab-train", d: line(0), stroke: color }));
  for (const { z: kink } of theory.breaks) {
    const value = theory.f(kink);
    if (Math.abs(kink) > SHOWN || !inside(value)) continue;
    parts.push(make("circle", { class: "lab-kink", cx: across(kink).toFixed(1), cy: down(value).toFixed(1), r: 3.5 }));
  }
  svg.replaceChildren(...parts);
}

/* Root mean squares layer by layer on a log axis: of the signal a line, of the gradient a dashed one. */
function drawDepth(svg, runs) {
  const { width, height, left, right, top, bottom } = DEPTHS;
  const powers = (squares) => squares.map((square) => Math.log10(square) / 2);
  const seen = runs.flatMap(({ forward, backward }) => powers([...forward, ...backward])).filter(Number.isFinite);
  const low = Math.max(-45, Math.floor(Math.min(-1, ...seen) - 0.1));
  const high = Math.min(45, Math.ceil(Math.max(1, ...seen) + 0.1));
  const across = (layer) => left + ((width - left - right) * layer) / LAYERS;
  const down = (power) => top + ((height - top - bottom) * (high - power)) / (high - low);
  const line = (squares) => {
    let path = "", pen = false;
    powers(squares).forEach((power, layer) => {
      if (!(power >= low && power <= high)) return (pen = false);
      path += `${pen ? "L" : "M"}${across(layer).toFixed(1)} ${down(power).toFixed(1)}`;
      pen = true;
    });
    return path;
  };
  const parts = [make("path", { class: "lab-axis", d: `M${left} ${top}V${height - bottom}H${width - right}` })];
  const step = Math.ceil((high - low) / 6);
  for (let power = Math.ceil(low / step) * step; power <= high; power += step) {
    parts.push(make("path", { class: "lab-axis", d: `M${left - 4} ${down(power)}h4` }),
      make("text", { x: left - 7, y: down(power) + 4, "text-anchor": "end" }, said(10 ** power, 1)));
  }
  for (let layer = 0; layer <= LAYERS; layer += 10) {
    parts.push(make("path", { class: "lab-axis", d: `M${across(layer)} ${height - bottom}v4` }),
      make("text", { x: across(layer), y: height - 18, "text-anchor": "middle" }, String(layer)));
  }
  parts.push(make("text", { x: (left + width - right) / 2, y: height - 3, "text-anchor": "middle" }, "layer"));
  const { digits, least } = FORMATS.float16;
  for (const power of [Math.log10(largestOf(FORMATS.float16)), Math.log10(2 ** (least - digits + 1))]) {
    if (power < low || power > high) continue;
    parts.push(make("path", { class: "lab-limit", d: `M${left} ${down(power)}H${width - right}` }),
      make("text", { x: width - right, y: down(power) - 4, "text-anchor": "end" }, "end of float16"));
  }
  for (const { forward, backward, color, thin } of runs) {
    const more = thin ? " lab-thin" : "";
    parts.push(make("path", { class: `lab-train${more}`, d: line(forward), stroke: color }),
      make("path", { class: `lab-back${more}`, d: line(backward), stroke: color }));
  }
  svg.replaceChildren(...parts);
}

class Explorer {
  constructor(root) {
    this.root = root;
    this.name = `lab${++labs}`;
    this.setting = readExplored(givenState(root));
    this.ends = [];
    this.build();
    this.buildSettings();
    this.renew();
    this.listen();
  }

  // --- what stands on the page

  build() {
    const picture = ({ width, height }) => make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    const key = (kind, words) => [make("span", { class: `lab-key ${kind}` }), words];
    this.curves = [picture(CURVES), picture(CURVES)];
    this.titles = [make("p", { class: "lab-title" }), make("p", { class: "lab-title" })];
    this.reading = [make("p", { class: "lab-numbers" }), make("p", { class: "lab-numbers" })];
    this.sides = [0, 1].map((i) => make("div", {}, this.titles[i], this.curves[i], this.reading[i]));
    this.depth = picture(DEPTHS);
    this.through = make("p", { class: "lab-numbers" });
    this.settings = make("div", { class: "actlab-lab-settings", role: "group", "aria-label": "Function and gain" });
    this.said = make("p", { class: "lab-said", role: "status" });
    this.heard = make("p", { class: "lab-heard", role: "status" });
    this.facts = make("table", { class: "lab-facts" });
    this.formats = make("table", { class: "lab-formats" });
    this.points = make("table");
    this.depths = make("table");
    this.folds = [
      make("details", { on: { toggle: () => this.drawTables() } },
        make("summary", {}, "The curves as a table"), this.points),
      make("details", { on: { toggle: () => this.drawTables() } },
        make("summary", {}, "The layers as a table"), this.depths),
    ];
    this.root.replaceChildren(
      make("div", { class: "actlab-lab-stage" },
        make("div", {},
          make("p", {}, ...key("", "f "), ...key("lab-key-dashed", "f′ "), ...key("lab-key-dotted", "f″ "), "○ kink"),
          this.sides[0]),
        make("div", {}, this.settings, this.said)),
      make("div", { class: "actlab-lab-stage lab-part" },
        make("div", {},
          make("p", { class: "lab-title" }, `${LAYERS} layers up and down`),
          make("p", {}, ...key("", "signal, up "), ...key("lab-key-dashed", "gradient, down")),
          this.depth, this.through),
        this.sides[1]),
      this.facts, this.formats,
      make("p", {}, "E: mean over a normal z of variance 1. gain keeps the signal’s mean square, backward gain the " +
        "gradient’s; chi is what a layer at the gain does to the gradient’s mean square. The formats round f as it is " +
        "in float64."),
      ...this.folds, this.heard);
  }

  /* All controls anew, as in the lab that trains. */
  buildSettings() {
    const { setting } = this;
    const knobs = knobsOf(setting.f).map(([, , words, value, low, high]) =>
      this.slider(words, low, high, "any", setting.set[words] ?? value, (v) => {
        this.change({ set: { ...this.setting.set, [words]: Number(v.toPrecision(3)) } });
      }));
    const beside = { "": "none", ...functionTitles() };
    delete beside.own;
    const gain = this.slider("gain", ...GAINS, 0.01, setting.gain ?? 1, (v) => this.move({ gain: v }));
    this.gain = gain.querySelector("input");
    this.gainSaid = gain.querySelector("output");
    this.settings.replaceChildren(
      make("div", { class: "lab-wide" }, this.select("function", functionTitles(), setting.f, (f) => {
        this.change({ f, set: {}, own: f === "own" ? this.setting.own ?? OWN_FIRST : undefined });
        this.buildSettings();
        this.renew();
        document.getElementById(`${this.name}-function`).focus();
      })),
      ...(setting.f === "own" ? [ownField(this.name, setting.own, (own) => this.change({ own }))] : []),
      ...knobs,
      this.select("beside it", beside, setting.beside, (name) => this.change({ beside: name })),
      this.slider("z", -SEEN, SEEN, 0.1, setting.z, (z) => this.move({ z })),
      gain,
      make("div", { class: "lab-row-end" },
        make("button", { type: "button", on: { click: () => this.move({ gain: null }) } }, "Computed gain")),
      make("div", {}, make("button", { type: "button", on: { click: () => this.copy(this.link("#explore")) } },
        copyWords(this.root))));
  }

  // --- settings

  change(what) {
    this.setting = { ...this.setting, ...what };
    this.said.textContent = "";
    this.renew();
    this.address();
  }

  /* What leaves the functions as they are. */
  move(what) {
    this.setting = { ...this.setting, ...what };
    this.said.textContent = "";
    if ("z" in what) this.drawHere();
    else this.drawThrough();
    this.address();
  }

  link(place = location.hash) {
    const query = othersOf(ofExploring);
    writeExplored(query, this.setting);
    return `${location.pathname}?${query}${place}`;
  }

  /* The functions anew: their numbers come piece by piece, so that the page stays at hand. */
  renew() {
    const { setting } = this;
    this.theories = [new Theory(setting.f, settingsOf(setting))];
    if (setting.beside) this.theories.push(new Theory(setting.beside));
    this.limits = this.theories.map(() => null);
    this.drawThrough();
    this.drawHere();
    const work = (this.work = {});
    const rest = () => new Promise((resolve) => setTimeout(resolve));
    const run = async () => {
      await rest();
      for (const [i, theory] of this.theories.entries()) {
        let until = performance.now() + SLICE;
        while (theory.scanNext()) {
          if (performance.now() < until) continue;
          await rest();
          if (this.work !== work) return;
          until = performance.now() + SLICE;
        }
        theory.ready = true;
        this.drawFacts();
        const limits = {};
        for (const [name, format] of Object.entries(FORMATS)) {
          await rest();
          if (this.work !== work) return;
          limits[name] = limitsOf(theory, format);
        }
        this.limits[i] = limits;
        this.drawFormats();
      }
      this.root.dataset.whole = "";
    };
    delete this.root.dataset.whole;
    run();
  }

  // --- pictures and numbers

  get names() {
    const own = this.setting.f === "own" ? this.setting.own : null;
    const moved = Object.entries(this.setting.set).map(([words, value]) => `${words} ${said(value)}`);
    const title = own ?? entryOf(this.setting.f).title;
    return [moved.length ? `${title} (${moved.join(", ")})` : title, this.setting.beside && CATALOG[this.setting.beside].title];
  }

  gainOf(theory) {
    return this.setting.gain ?? theory.moments.gain;
  }

  get colors() {
    return [entryOf(this.setting.f).color, this.setting.beside && CATALOG[this.setting.beside].color];
  }

  /* The curves, read at z. */
  drawHere() {
    const { setting, theories, names, colors } = this;
    this.sides[1].hidden = theories.length < 2;
    theories.forEach((theory, i) => {
      drawCurves(this.curves[i], theory, colors[i], setting.z);
      const [value, steep, bent] = [...theory.both(setting.z), theory.bend(setting.z)].map((v) => said(v, 4));
      const words = `z = ${said(setting.z)}: f = ${value}, f′ = ${steep}, f″ = ${bent}`;
      this.titles[i].textContent = names[i];
      this.reading[i].textContent = words;
      this.curves[i].setAttribute("aria-label", `${names[i]} with its two derivatives. ${words}`);
    });
    this.drawTables();
  }

  /* What hangs on the gain. */
  drawThrough() {
    const { theories, names, colors } = this;
    const gain = this.gainOf(theories[0]);
    if (Number.isFinite(gain)) this.gain.value = gain;
    this.gainSaid.textContent = Number.isFinite(gain) ? said(gain) : "–";
    this.runs = theories.map((theory, i) => {
      const color = i && colors[1] === colors[0] ? "currentColor" : colors[i];
      return { ...theory.layers(this.gainOf(theory), LAYERS), color, thin: i > 0 };
    });
    drawDepth(this.depth, this.runs);
    const words = this.runs.map(({ forward, backward }, i) => {
      const at = said(this.gainOf(theories[i]), 4);
      const [up, down] = [forward.at(-1), backward[0]].map((square) => said(Math.sqrt(square)));
      return Number.isNaN(forward.at(-1)) ? `${names[i]}: its mean square does not settle.`
        : `${names[i]}, gain ${at}: the signal’s root mean square goes from 1 to ${up}, the gradient’s, back, to ${down}.`;
    });
    this.through.replaceChildren(...words.flatMap((line, i) => (i ? [make("br"), line] : [line])));
    this.depth.setAttribute("aria-label", `Root mean squares through ${LAYERS} layers. ${words.join(" ")}`);
    this.drawFacts();
    this.drawFormats();
    this.drawTables();
    clearTimeout(this.hearing);
    this.hearing = setTimeout(() => { this.heard.textContent = words.join(" "); }, 1000);
  }

  row(head, cells) {
    return make("tr", {}, make("th", { scope: "row" }, head), ...cells.map((words) => make("td", {}, words)));
  }

  /* A table: its caption, the heads of its columns, its rows. */
  fill(table, caption, heads, rows) {
    const head = heads.map((words) => (words ? make("th", { scope: "col" }, words) : make("td")));
    table.replaceChildren(make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...rows));
  }

  drawFacts() {
    const columns = this.theories.map((theory) => {
      const { mean, second, slopeSecond, gain, backwardGain, chi } = theory.moments;
      const numbers = [mean, second, slopeSecond, gain, backwardGain, chi].map(found);
      const seen = [rangeOf(theory), wordsOfBreaks(theory.breaks)];
      if (!theory.ready) return [...seen, ...numbers, "…", "…", "…", "…"];
      const at = this.gainOf(theory);
      const point = Number.isFinite(at) ? theory.fixedPoint(at) : null;
      const fixed = point
        ? [found(point.q), found(point.slope), NEARBY[point.stability]]
        : ["none: it grows or never settles", "–", "–"];
      return [...seen, ...numbers, ...fixed, wordsOfEdge(theory.edge ??= theory.edgeOfChaos())];
    });
    const heads = [`range, z from −${SEEN} to ${SEEN}`, "kinks", "E f", "E f²", "E f′²", "gain", "backward gain", "chi",
      "fixed point of the mean square", "slope of the variance map there", "signals near it", "edge of chaos"];
    const at = this.setting.gain === null ? "its computed gain" : `gain ${said(this.setting.gain)}`;
    this.fill(this.facts, `In numbers; the variance map at ${at}`, ["", ...this.names.filter(Boolean)],
      heads.map((head, i) => this.row(head, columns.map((column) => column[i]))));
  }

  drawFormats() {
    const limit = ([below, above], words) => {
      const parts = [below !== null && `z ≤ ${said(below)}`, above !== null && `z ≥ ${said(above)}`].filter(Boolean);
      return parts.join("; ") || words;
    };
    const rows = Object.entries(FORMATS).flatMap(([name, format]) => this.theories.map((_, i) => {
      const head = this.theories.length > 1 ? `${name}, ${"AB"[i]}` : name;
      const limits = this.limits[i]?.[name];
      const cells = limits ? [limit(limits.slope, "nowhere"), limit(limits.value, "nowhere")] : ["…", "…"];
      const moving = Number.isNaN(this.runs[i].forward.at(-1)) ? "–" : wordsOfLeaving(this.runs[i], format);
      return this.row(head, [...cells, moving]);
    }));
    const both = this.theories.length > 1 ? `; A: ${this.names[0]}, B: ${this.names[1]}` : "";
    this.fill(this.formats, `Where the numbers leave a format${both}`,
      ["", "slope is 0", "value is one number", `of ${LAYERS} layers, outside`], rows);
  }

  drawTables() {
    const names = this.names.filter(Boolean);
    const letter = (i) => (names.length > 1 ? ` ${"AB"[i]}` : "");
    if (this.folds[0].open) {
      const rows = [...Array(2 * SHOWN + 1).keys()].map((k) => k - SHOWN).map((z) =>
        this.row(said(z), this.theories.flatMap((theory) => [...theory.both(z), theory.bend(z)].map((v) => said(v)))));
      this.fill(this.points, "At whole z", ["z", ...names.flatMap((_, i) => ["f", "f′", "f″"].map((f) => f + letter(i)))], rows);
    }
    if (this.folds[1].open) {
      const rows = [...Array(LAYERS / 5 + 1).keys()].map((k) => 5 * k).map((layer) =>
        this.row(String(layer), this.runs.flatMap(({ forward, backward }) =>
          [forward[layer], backward[layer]].map((square) => said(Math.sqrt(square))))));
      this.fill(this.depths, "Root mean squares",
        ["layer", ...names.flatMap((_, i) => [`signal${letter(i)}`, `gradient${letter(i)}`])], rows);
    }
  }

  // --- what comes from elsewhere

  listen() {
    if (isEmbedded(this.root)) return;
    const follow = (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      const there = new URL(link.href);
      if (there.pathname !== location.pathname || there.host !== location.host) return;
      if (![...there.searchParams.keys()].some(ofExploring)) return;
      event.preventDefault();
      this.setting = readExplored(there.searchParams);
      this.buildSettings();
      this.change({});
      this.root.scrollIntoView({ block: "start" });
      document.getElementById(`${this.name}-function`).focus({ preventScroll: true });
    };
    document.addEventListener("click", follow);
    this.ends.push(() => document.removeEventListener("click", follow));
  }

  close() {
    this.work = null;
    clearTimeout(this.later);
    clearTimeout(this.hearing);
    this.ends.forEach((end) => end());
    this.root.replaceChildren();
  }
}
// the controls, the address and the link are the same in every lab
for (const shared of ["select", "slider", "address", "copy"]) Explorer.prototype[shared] = Lab.prototype[shared];
