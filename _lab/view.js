/* The lab on a page: controls, pictures, numbers as text. */

const PACES = { one: "1 update a picture", ten: "10 a picture", fast: "as many as fit" };
const MOST = { one: 1, ten: 10, fast: Infinity };
const GRIDS = [20, 28, 40, 56, 80];
const SPARE = 4; // pictures for each set of numbers, where both together take too long
const STEPPING = 12; // ms of updates a frame
const PERIOD = 45; // ms from picture to picture, where one takes less: more than twenty a second
const HEARD = 5000; // ms between two sentences for those who listen
const KEPT = 400; // points of the lines of the losses
const NO_POINTS = "No points yet: set some of both labels in the picture, then train.";
let labs = 0;

class Lab {
  constructor(root) {
    this.root = root;
    this.name = `lab${++labs}`;
    this.query = givenState(root);
    this.setting = readSetting(this.query);
    this.second = this.query.has("b") ? readSetting(this.query, "b.") : null;
    this.updates = among(UPDATES)(this.query.get("updates") ?? "") ?? 300;
    this.pace = "ten";
    this.playing = false;
    this.grid = 3;
    this.left = 0; // pictures until the next set of numbers
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.ends = [];
    this.build();
    this.reset();
    this.sayDamaged();
    this.sayStarts();
    this.listen();
  }

  // --- what stands on the page

  build() {
    const button = (words, act, more = {}) => make("button", { type: "button", ...more, on: { click: act } }, words);
    this.play = button("Play", () => (this.playing ? this.pause() : this.run()), { class: "lab-main" });
    const step = button("Step", () => this.once());
    const reset = button("Reset", () => this.reset());
    const fresh = button("New seed", () => this.change({ seed: (this.setting.seed % 9999) + 1 }));
    this.canvas = make("canvas", { width: 300, height: 300 });
    this.setter = new PointSetter(this.canvas, TASKS.own.reach, this.name, {
      changed: (points) => this.change({ points }),
      moved: () => this.paint(),
    });
    this.numbers = make("p", { class: "lab-numbers" });
    this.heard = make("p", { class: "lab-heard", role: "status" });
    this.said = make("p", { class: "lab-said", role: "status" });
    this.settings = make("div", { class: "actlab-lab-settings", role: "group", "aria-label": "Settings" });
    this.losses = make("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img" });
    this.key = make("span", { class: "lab-key" });
    this.freshKey = make("span", {}, make("span", { class: "lab-key lab-key-test" }), "on fresh ones");
    this.rows = make("tbody");
    this.five = make("tbody", { class: "lab-five" });
    this.fold = make("details", { on: { toggle: () => this.draw() } },
      make("summary", {}, "The picture as a table"),
      make("table", {}, make("caption", {}, "How sure the network is of label 1, on 5 × 5 places"), this.five));
    const column = (words, kind) => make("th", { scope: "col", class: kind ?? null }, words);
    const table = make("table", { class: "lab-by-layer" },
      make("caption", {}, "Layer by layer, on the learned points: mean ± standard deviation, and how values lie"),
      make("thead", {}, make("tr", {}, column("layer"), column("before f", "lab-hist"), column("after f", "lab-hist"),
        column("delta"), column("dead"), column("flat"))), this.rows);
    this.root.replaceChildren(
      make("div", { class: "actlab-lab-stage" },
        make("div", {},
          make("div", { class: "actlab-lab-row" }, this.play, step, reset, fresh),
          this.canvas,
          make("p", {}, "● label 1, ◇ label 0; the line is where the network changes its mind."),
          this.numbers, this.said, this.setter.element),
        make("div", {},
          this.settings,
          make("div", { class: "actlab-lab-losses" },
            make("p", {}, this.key, "loss on learned points ", this.freshKey),
            this.losses))),
      table,
      make("p", {}, "delta: root mean square of the loss’s slope before f. " +
        `dead: units whose slope is 0 at every point. flat: slopes below ${FLAT}.`),
      this.fold,
      this.buildStarts(button),
      this.heard);
    this.buildSettings();
  }

  select(words, options, value, act, wide = false) {
    const id = `${this.name}-${words.replaceAll(" ", "-")}`;
    const made = Object.entries(options).map(([key, title]) =>
      make("option", { value: key, selected: key === String(value) }, title));
    return make("div", { class: wide ? "lab-wide" : null }, make("label", { for: id }, words),
      make("select", { id, autocomplete: "off", on: { change: (event) => act(event.target.value) } }, ...made));
  }

  slider(words, low, high, step, value, act, shown = said) {
    const id = `${this.name}-${words.replaceAll(" ", "-")}`;
    const output = make("output", { for: id, "aria-live": "off" }, shown(value));
    const input = make("input", { id, type: "range", min: low, max: high, step, autocomplete: "off", on: {
      input: (event) => { output.textContent = shown(Number(event.target.value)); act(Number(event.target.value)); },
    } });
    input.value = value;
    const named = make("label", { for: id }, words);
    return make("div", { class: "actlab-lab-slider" }, named, make("div", {}, input, output));
  }

  /* All controls anew: they are few, and a setting may come from a link. */
  buildSettings() {
    const { setting } = this;
    const titles = (table) => Object.fromEntries(Object.entries(table).map(([key, { title }]) => [key, title]));
    const set = (key, read = (v) => v) => (value) => this.change({ [key]: read(value) });
    // with a space, since what looks like a whole number would come first among the keys
    const spaced = (list, words) => Object.fromEntries(list.map((one) => [` ${one}`, words(one)]));
    this.layers = make("div", { class: "lab-layers" });
    this.layersTitle = make("summary");
    this.layersFold = make("details", { class: "lab-wide", open: this.layersFold?.open ?? false, on: {
      toggle: () => this.buildLayers(),
    } }, this.layersTitle, this.layers);
    this.curve = make("svg", { viewBox: "-40 -40 80 60", "aria-hidden": "true" });
    const knobs = knobsOf(setting.f).map(([, , words, value, low, high]) =>
      this.slider(words, low, high, "any", setting.set[words] ?? value, (v) => {
        this.change({ set: { ...this.setting.set, [words]: Number(v.toPrecision(3)) } }, false);
      }));
    this.settings.replaceChildren(
      make("div", { class: "actlab-lab-function lab-wide" },
        this.select("function f", functionTitles(), setting.f, (f) => {
          this.change({ f, set: {}, own: f === "own" ? this.setting.own ?? OWN_FIRST : undefined });
          document.getElementById(`${this.name}-function-f`).focus();
        }), this.curve),
      ...(setting.f === "own" ? [ownField(this.name, setting.own, (own) => this.change({ own }))] : []),
      ...knobs,
      this.layersFold,
      this.slider("depth", 1, 10, 1, setting.depth, set("depth")),
      this.slider("width", 1, 32, 1, setting.width, set("width")),
      this.select("start", START_TITLES, setting.start, set("start")),
      this.slider("gain", 0.1, 5, 0.1, setting.gain, set("gain")),
      this.select("data", titles(TASKS), setting.data, set("data")),
      this.select("optimiser", OPTIMISER_TITLES, setting.optimiser, set("optimiser")),
      this.select("rate", spaced(RATES, String), ` ${setting.rate}`, set("rate", Number)),
      this.select("batch", spaced(BATCHES, (b) => (b ? `${b} points` : "all points")), ` ${setting.batch}`,
        set("batch", Number)),
      this.select("speed", PACES, this.pace, (pace) => { this.pace = pace; }),
      make("div", {}, make("button", { type: "button", on: { click: () => this.copy() } }, copyWords(this.root))));
    this.buildLayers();
  }

  /* A menu for each hidden layer, while they are asked for. */
  buildLayers() {
    const { setting } = this;
    if (!this.layersFold.open) return this.layers.replaceChildren();
    const choices = { "": "f, as above", ...functionTitles() };
    delete choices.own;
    this.layers.replaceChildren(...Array.from({ length: setting.depth }, (_, i) => {
      return this.select(`layer ${i + 1}`, choices, setting.layers[i + 1] ?? "", (name) => {
        const { [i + 1]: before, ...others } = this.setting.layers;
        this.change({ layers: name ? { ...others, [i + 1]: name } : others });
      });
    }), make("p", { class: "lab-wide" }, "A layer’s own function has the catalog’s settings."));
  }

  buildStarts(button) {
    this.aim = make("p");
    this.first = make("p");
    this.other = make("p");
    this.keep = button("Keep this as B", () => this.setSecond(structuredClone(this.setting)));
    this.swap = button("Swap A and B", () => {
      const before = this.setting;
      this.setting = this.second;
      this.setSecond(before);
      this.buildSettings();
      this.change({});
    });
    this.forget = button("Forget B", () => this.setSecond(null));
    const act = () => (this.working ? this.halt() : this.manyStarts());
    this.many = button(`Train from ${SEEDS} seeds`, act, { class: "lab-main" });
    this.progress = make("p", { "aria-hidden": "true" });
    this.result = make("div", { class: "actlab-lab-result" });
    this.verdict = make("p", { role: "status", class: "lab-said" });
    const choice = Object.fromEntries(UPDATES.map((n) => [` ${n}`, `${n} updates each`]));
    return make("div", { class: "lab-part", role: "group", "aria-label": "Twenty starts" },
      make("p", { class: "lab-title" }, "Twenty starts"),
      this.aim, this.first, this.other,
      make("div", { class: "actlab-lab-row" }, this.keep, this.swap, this.forget),
      make("div", { class: "actlab-lab-row" }, this.many,
        this.select("how long", choice, ` ${this.updates}`, (n) => { this.updates = Number(n); this.address(); })),
      this.progress, this.verdict, this.result);
  }

  // --- settings

  change(what, whole = true) {
    this.setting = { ...this.setting, ...what };
    if (whole && ("f" in what)) this.buildSettings();
    if ("depth" in what) this.buildLayers();
    this.reset();
    if (!("seed" in what)) this.sayStarts(); // which have seeds of their own
    this.address();
  }

  setSecond(setting) {
    this.second = setting;
    this.sayStarts();
    this.address();
  }

  address() {
    if (isEmbedded(this.root)) return;
    clearTimeout(this.later); // a browser allows a hundred changes in half a minute
    this.later = setTimeout(() => {
      try {
        history.replaceState(null, "", this.link());
      } catch {
        // a frame without an address of its own
      }
    }, 400);
  }

  link() {
    const query = othersOf(ofTraining);
    writeSetting(query, this.setting);
    if (this.second) {
      query.set("b", "1");
      writeSetting(query, this.second, "b.");
    }
    if (this.updates !== 300) query.set("updates", this.updates);
    const words = query.toString();
    return `${location.pathname}${words && `?${words}`}${location.hash}`;
  }

  async copy(path = this.link()) {
    if (isEmbedded(this.root)) return handOn([asCall(this.root.dataset.kind ?? "train", path), CALL], this.said);
    const link = new URL(path, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.said.textContent = "The link to this setting is copied.";
    } catch {
      const field = make("input", { class: "lab-link", readonly: true, "aria-label": "The link to this setting" });
      field.value = link;
      this.said.replaceChildren("This browser lets no page copy; here is the link: ", field);
      field.select();
    }
  }

  // --- training

  reset() {
    this.pause(false);
    const { trainer, test } = begun(this.setting);
    Object.assign(this, { trainer, test, every: 1, history: { at: [], train: [], test: [] } });
    // the mean square of a typed-in function may be infinite
    this.said.textContent = trainer.network.parameters.some(Number.isNaN)
      ? "This function has no computed gain: its mean square does not settle. Choose another start." : "";
    drawFunction(this.curve, this.setting.f, settingsOf(this.setting));
    const own = ownLayers(this.setting).length;
    this.layersTitle.textContent = `A function for each layer${own ? ` (${own} of ${this.setting.depth} not f)` : ""}`;
    this.setter.show(this.setting.data === "own" ? pointsIn(this.setting.points) : null);
    this.freshKey.hidden = !test;
    this.draw();
  }

  sayDamaged() {
    const all = { "": "The points", "b.": "The points of B" };
    const damaged = Object.keys(all).filter((prefix) => pointsIn(this.query.get(`${prefix}points`) ?? "") === null);
    if (!damaged.length) return;
    this.said.textContent = `${all[damaged[0]]} in this address are damaged: none of them is taken.`;
  }

  /* Whether there is nothing to learn from, which is then said. */
  empty() {
    if (this.trainer.data.n) return false;
    this.said.textContent = NO_POINTS;
    return true;
  }

  run() {
    if (this.broken() || this.empty()) return;
    this.playing = true;
    this.play.textContent = "Pause";
    this.quietUntil = 0;
    const frame = () => {
      if (!this.playing) return;
      if (!this.root.isConnected) return this.pause(false); // a notebook has thrown its output away
      const begin = performance.now();
      for (let k = 1; k <= MOST[this.pace]; k++) {
        this.trainer.step();
        const spent = performance.now() - begin;
        if (spent + spent / k > STEPPING) break; // the next would be too late
        if (!Number.isFinite(this.trainer.latest)) break;
      }
      if (performance.now() >= (this.nextPicture ?? 0) || this.broken()) this.draw();
      if (this.broken()) return this.pause();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  broken() {
    return Number.isFinite(this.latest?.loss) === false && this.trainer.steps > 0;
  }

  once() {
    this.pause(false);
    if (this.empty()) return;
    if (!this.broken()) this.trainer.step();
    this.draw();
    this.hear();
  }

  pause(heard = true) {
    if (!this.playing) return;
    this.playing = false;
    this.play.textContent = "Play";
    if (heard) {
      this.draw();
      this.hear();
    }
  }

  draw() {
    const begin = performance.now();
    const { trainer, setting } = this;
    const { network } = trainer;
    // while a slider is moved a large network is asked at fewer places
    const fit = GRIDS.filter((one) => one ** 2 * network.parameters.length < 2e7).at(-1);
    const size = Math.min(fit, GRIDS[this.playing ? this.grid : GRIDS.length - 1]);
    const { reach } = TASKS[setting.data];
    const logits = surface(network, size, reach);
    this.painted = [logits, size];
    this.paint();
    const slow = this.playing && this.grid === 0 && !this.still.matches;
    const all = !slow || this.left-- <= 0 || !Number.isFinite(trainer.latest);
    if (all) {
      this.drawNumbers(logits, size);
      this.left = SPARE - 1;
    }
    const took = performance.now() - begin;
    if (!this.playing) return;
    if (all && took > PERIOD / 3 && this.grid > 0) this.grid--;
    else if (all && took < PERIOD / 6 && this.grid < GRIDS.length - 1) this.grid++;
    // updates have twice the time of a picture, unless it would come too late; a frame's updates come before it
    const wait = Math.min(2 * took, PERIOD - took - STEPPING);
    this.nextPicture = performance.now() + (this.still.matches ? 1000 : Math.max(0, wait));
    if (performance.now() > this.quietUntil) this.hear();
  }

  paint() {
    drawSurface(this.canvas, ...this.painted, this.trainer.data, TASKS[this.setting.data].reach, this.setter.cursor);
  }

  /* What the network's numbers are now, in words, lines and bars. */
  drawNumbers(logits, size) {
    const { trainer, test, setting } = this;
    const { network, data } = trainer;
    if (this.fold.open) this.drawTable(logits, size);
    const mixed = ownLayers(setting).length ? ", with other functions in some layers," : "";
    const what = `What ${entryOf(setting.f).title}${mixed} answers on ${TASKS[setting.data].title}`;
    if (!data.n) {
      this.latest = undefined;
      this.numbers.textContent = this.words = NO_POINTS;
      this.canvas.setAttribute("aria-label", `${what}: there are none yet`);
      this.losses.replaceChildren();
      this.losses.setAttribute("aria-label", "No losses: there are no points yet");
      this.rows.replaceChildren();
      return;
    }
    const layers = layerStatistics(network, data);
    this.latest = judged(network, data);
    const fresh = test && judged(network, test);
    this.remember(trainer.steps, this.latest.loss, fresh ? fresh.loss : NaN);
    const asked = { xor: "corners", own: "your points" }[setting.data] ?? "fresh points";
    const sure = `${percent((fresh ?? this.latest).right)} of ${asked} right`;
    const [learned, tested] = [said(this.latest.loss), fresh && said(fresh.loss)];
    const words = `Update ${trainer.steps}. Loss ${learned}${fresh ? `, on fresh points ${tested}` : ""}; ${sure}.`;
    this.numbers.textContent = words;
    this.canvas.setAttribute("aria-label", `${what}: ${sure}`);
    const { color } = entryOf(setting.f);
    this.key.style.color = color;
    drawLosses(this.losses, this.history, color);
    this.losses.setAttribute("aria-label", `Losses after ${trainer.steps} updates, ` +
      `${learned} on learned points${fresh ? ` and ${tested} on fresh ones` : ""}`);
    this.drawLayers(layers);
    if (this.broken()) {
      this.said.textContent = "The loss is no finite number any more: this rate, or this start, is too large. " +
        "Reset to begin again.";
    }
    this.words = words;
  }

  remember(step, train, test) {
    const { at } = this.history;
    const { history } = this;
    if (at.at(-1) === step || (at.length && step - at.at(-1) < this.every && this.playing)) return;
    at.push(step);
    history.train.push(train);
    history.test.push(test);
    if (at.length <= KEPT) return;
    this.every = 2 * Math.ceil(step / KEPT);
    for (const key of ["at", "train", "test"]) history[key] = history[key].filter((_, i) => i % 2 === 0);
  }

  drawLayers(layers) {
    const entries = layersOf(this.setting).map(({ f }) => entryOf(f));
    const mixed = ownLayers(this.setting).length > 0;
    this.rows.parentElement.classList.toggle("lab-mixed", mixed);
    if (this.rows.rows.length !== layers.length) {
      const hist = () => make("td", { class: "lab-hist" },
        make("svg", { viewBox: "0 0 24 10", preserveAspectRatio: "none", "aria-hidden": "true" }, make("path")),
        make("span"));
      this.rows.replaceChildren(...layers.map(() =>
        make("tr", {}, make("th", { scope: "row" }), hist(), hist(),
          make("td"), make("td"), make("td"))));
    }
    layers.forEach(({ z, a, delta, dead, flat }, i) => {
      const { cells } = this.rows.rows[i];
      const { title, color } = entries[i];
      cells[0].textContent = mixed ? `${i + 1} ${title}` : String(i + 1);
      [z, a].forEach((spread, k) => {
        const cell = cells[k + 1];
        const path = cell.querySelector("path");
        path.setAttribute("d", bars(spread));
        path.setAttribute("fill", color);
        cell.lastChild.textContent = `${said(spread.mean, 2)} ± ${said(spread.sd, 2)}`;
      });
      [said(delta, 2), percent(dead), percent(flat)].forEach((words, k) => { cells[k + 3].textContent = words; });
    });
  }

  drawTable(logits, size) {
    const { reach } = TASKS[this.setting.data];
    const places = [0, 1, 2, 3, 4].map((k) => Math.floor(((k + 0.5) * size) / 5));
    const at = (place) => said(reach * ((2 * place + 1) / size - 1), 2);
    this.five.replaceChildren(
      make("tr", {}, make("td"), ...places.map((p) => make("th", { scope: "col" }, at(p)))),
      ...places.map((row) => make("tr", {}, make("th", { scope: "row" }, at(size - 1 - row)),
        ...places.map((column) => make("td", {}, percent(sigmoid(logits[row * size + column])))))));
  }

  hear() {
    this.heard.textContent = this.words;
    this.quietUntil = performance.now() + HEARD;
  }

  // --- twenty starts

  sayStarts() {
    const { setting, second } = this;
    const same = second && alike(setting, second);
    const drawn = setting.data === "own" ? "weights, on your points" : "points and weights";
    this.aim.textContent = `One run shows what can happen; twenty, each with its own ${drawn}, how often.`;
    this.first.replaceChildren(make("strong", {}, "A"), `, the setting above: ${describe(setting)}.`);
    this.other.replaceChildren(make("strong", {}, "B"), !second
      ? ", a second setting to compare with: none yet. Keep this one, then change it above."
      : `: ${same ? "the same so far; change something above." : `${describe(second)}.`}`);
    this.swap.hidden = this.forget.hidden = !second;
    this.halt();
    this.result.replaceChildren();
    this.verdict.textContent = "";
  }

  halt() {
    if (this.working) this.working.stopped = true;
    this.working = null;
    this.many.textContent = `Train from ${SEEDS} seeds`;
    this.progress.textContent = "";
  }

  async manyStarts() {
    this.pause();
    const work = (this.working = { stopped: false });
    this.many.textContent = "Stop";
    this.result.replaceChildren();
    this.verdict.textContent = "";
    const settings = this.second && !alike(this.setting, this.second) ? [this.setting, this.second] : [this.setting];
    if (settings.some((one) => one.data === "own" && !one.points)) {
      this.halt();
      this.verdict.textContent = NO_POINTS;
      return;
    }
    const updates = this.updates;
    const begin = performance.now();
    let next = 0;
    const losses = await manyStarts(settings, updates, {
      stopped: () => work.stopped,
      progress: (done, all) => {
        const now = performance.now();
        if (now < next) return;
        next = now + 500;
        const left = Math.ceil((((now - begin) / done) * (all - done)) / 1000);
        const still = now - begin > 1500 ? `, about ${left} s to go` : "";
        this.progress.textContent = `${Math.floor(done)} of ${all} networks${still} …`;
      },
    });
    if (!losses) return;
    this.halt();
    this.showStarts(settings, losses, updates);
  }

  showStarts(settings, losses, updates) {
    const sums = losses.map(summary);
    const names = ["A", "B"];
    const half = ({ low, high }) => `${said(low)} to ${said(high)}`;
    const words = sums.map((sum, i) => `${names[i]}: median loss ${said(sum.median)}, middle half ${half(sum)}`);
    const strip = make("svg", { role: "img", "aria-label": words.join("; ") });
    drawStrip(strip, losses, sums);
    const differs = settings.length > 1
      ? settings.map((one, i) => describe(one, settings[1 - i]))
      : [describe(settings[0])];
    const row = (sum, i) => make("tr", {}, make("th", { scope: "row" }, names[i]),
      make("td", { class: "lab-words" }, differs[i]), make("td", {}, said(sum.median)), make("td", {}, half(sum)),
      make("td", {}, `${sum.failed} of ${sum.n}`));
    const heads = ["", "setting", "median", "middle half", "not finite"].map((words) =>
      words ? make("th", { scope: "col", class: words === "setting" ? "lab-words" : null }, words) : make("td"));
    const asked = settings.map(({ data }) => (data === "own" ? "on your points" : "on fresh points"));
    const [where, each] = asked.every((words) => words === asked[0])
      ? [` ${asked[0]}`, ""] : ["", `; ${asked.map((words, i) => `${names[i]} ${words}`).join(", ")}`];
    this.result.replaceChildren(strip, make("table", {},
      make("caption", {}, `Loss${where} after ${updates} updates, ${SEEDS} seeds each${each}`),
      make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...sums.map(row))));
    this.verdict.textContent = settings.length > 1
      ? verdict(paired(...losses), differs.map((words, i) => `${names[i]} (${words})`))
      : `Half of the losses lie in ${half(sums[0])}. Keep this setting as B, change one thing, and train both.`;
  }

  // --- what comes from elsewhere

  listen() {
    const on = (target, sign, listener) => {
      target.addEventListener(sign, listener);
      this.ends.push(() => target.removeEventListener(sign, listener));
    };
    // a link to a setting on this very page moves the lab, without a new page
    if (!isEmbedded(this.root)) on(document, "click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      const there = new URL(link.href);
      if (there.pathname !== location.pathname || there.host !== location.host) return;
      if (![...there.searchParams.keys()].some(ofTraining)) return;
      event.preventDefault();
      this.open(there.searchParams);
      this.root.scrollIntoView({ block: "start" });
      this.play.focus({ preventScroll: true });
    });
    const seen = new MutationObserver(() => this.draw());
    seen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    seen.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    const sized = new ResizeObserver(() => { if (!this.playing) this.draw(); });
    sized.observe(this.canvas);
    this.ends.push(() => seen.disconnect(), () => sized.disconnect());
  }

  open(query) {
    this.setting = readSetting(query);
    this.second = query.has("b") ? readSetting(query, "b.") : null;
    this.updates = among(UPDATES)(query.get("updates") ?? "") ?? 300;
    document.getElementById(`${this.name}-how-long`).value = ` ${this.updates}`;
    this.query = query;
    this.buildSettings();
    this.change({});
    this.sayDamaged();
  }

  close() {
    this.pause(false);
    this.halt();
    clearTimeout(this.later);
    this.ends.forEach((end) => end());
    this.root.replaceChildren();
  }
}
