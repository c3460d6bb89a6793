/* The numbers lab: softmax and its relatives in a format of the reader's choice, one operation after the other. */

const NUMBERS = { z: "10, 11, 12", format: "float16", want: "softmax", how: "formula", target: 0, step: 0 };
const DIGITS = { float16: 5, bfloat16: 4, float32: 9, float64: 17, float8_e5m2: 4 };
const SHORT_WAYS = { formula: "formula", shifted: "largest subtracted", logits: "from the logits" };

/* A setting of the numbers lab from an address; what it says wrongly is the default, but a text of logits stays as it
   is typed. step: 1 for the first; 0 for where it breaks. */
function readNumbers(query) {
  const { WANTED, waysTo, MOST_LOGITS } = programs;
  const read = {
    z: (text) => text,
    format: oneOf(formats.FORMATS),
    want: oneOf(WANTED),
    target: within(0, MOST_LOGITS - 1, true),
    step: within(0, 999, true),
  };
  const found = { ...NUMBERS };
  for (const [key, reader] of Object.entries(read)) {
    const value = query.has(key) ? reader(query.get(key)) : undefined;
    if (value !== undefined) found[key] = value;
  }
  if (waysTo(found.want).includes(query.get("how"))) found.how = query.get("how");
  return found;
}
function writeNumbers(query, setting) {
  for (const [key, value] of Object.entries(setting)) if (value !== NUMBERS[key]) query.set(key, value);
}

/* A number with the digits that tell it from its neighbours in its format. */
function digitsOf(value, format) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "−inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "−0" : "0";
  return formats.decimal(formats.exactly(value), DIGITS[format]);
}

const NAMED = {
  nearest: "rounded", exact: "exact", rounded: "rounded", subnormal: "subnormal", underflow: "underflow to 0",
  overflow: "overflow", invalid: "no value", "nan before": "nan goes in",
};

/* What happened in a step, in a sentence or two. */
function told(one, format, all) {
  const of = formats.FORMATS[format];
  const { what, exact, value, args } = one;
  const before = exact && `Before rounding: ${formats.decimal(exact, DIGITS[format] + 3)}.`;
  const off = () => {
    const size = Math.abs(formats.offBy(value, exact, of));
    return `Off by ${size < 0.001 ? "less than 0.001" : said(size)} of its last place.`;
  };
  const pair = args.map((arg) => digitsOf(arg, format)).join(one.name === "divide" ? " / " : " − ");
  if (what === "exact") return "Nothing is rounded: the result is a number of the format.";
  if (what === "rounded") return `${before} ${off()}`;
  if (what === "subnormal") {
    const { lowest, fraction } = of;
    const normal = digitsOf(of.tiny * 2 ** fraction, format);
    return `${before} Below ${normal}, 2^${said(lowest)}, the numbers are subnormal: the first place is 0, and fewer ` +
      `digits are left. ${off()}`;
  }
  if (what === "underflow") {
    return `${before ?? "The result is smaller than any number of any format here."} That is nearer to 0 than to the ` +
      `least number above it, ${digitsOf(of.tiny, format)}.`;
  }
  if (what === "overflow") {
    return `${before ?? "The result is beyond all formats."} The largest number of the format is ` +
      `${digitsOf(of.largest, format)}.`;
  }
  if (what === "division by 0") return `${pair}: a number divided by 0. ${source(all, "underflow")}`.trim();
  if (what === "log of 0") return `The logarithm of 0 is −inf. ${source(all, "underflow")}`.trim();
  if (what === "invalid") {
    return `${pair} has no value, so it is nan. ${source(all, args.includes(0) ? "underflow" : "overflow")}`.trim();
  }
  return `A nan went in. ${source(all, "overflow")}`.trim();
}
function source(all, kind) {
  const at = all.findIndex(({ what }) => what === kind);
  return at < 0 ? "" : `It comes from step ${at + 1}, ${all[at].words}.`;
}

/* A number as its three fields say it. */
function decoded(value, format) {
  const { FORMATS, bitsOf } = formats;
  const { lowest, bias } = FORMATS[format];
  const [sign, power, fraction] = bitsOf(value, FORMATS[format]);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : "infinity: exponent all 1, fraction all 0";
  const minus = sign === "1" ? "−" : "+";
  const part = fraction.length ? parseInt(fraction, 2) / 2 ** fraction.length : 0;
  if (!power.includes("1")) {
    return part ? `${minus} ${said(part, 8)} × 2^${said(lowest)}, subnormal` : `${minus}0`;
  }
  return `${minus} ${said(1 + part, 8)} × 2^${said(parseInt(power, 2) - bias, 5)}`;
}

const share = (off) => (off < 1e-3 ? said(100 * off, 1) : said(100 * off, 2));
function judgement({ verdict, off, breaks, result }) {
  const step = breaks < 0 ? "" : `, step ${breaks + 1}`;
  if (verdict === "none") return "no right answer";
  if (verdict === "right") return "right";
  if (verdict === "wrong") return `${share(off)} % off${step}`;
  if (result.some(Number.isNaN)) return `nan${step}`;
  return `infinite${step}`;
}

class Numbers {
  constructor(root) {
    this.root = root;
    this.name = `lab${++labs}`;
    this.ends = [];
    this.setting = readNumbers(givenState(root));
    this.build();
    this.compute();
    this.listen();
  }

  build() {
    const { WANTED } = programs;
    const id = (words) => `${this.name}-${words}`;
    const select = (words, key, options, read = (v) => v) => {
      const made = make("select", { id: id(key), autocomplete: "off", on: {
        change: (event) => this.change({ [key]: read(event.target.value), step: 0 }),
      } });
      this.selects[key] = [made, options];
      return make("div", {}, make("label", { for: id(key) }, words), made);
    };
    this.selects = {};
    const titles = Object.fromEntries(Object.entries(formats.FORMATS).map(([key, { title }]) => [key, title]));
    this.field = make("input", {
      id: id("z"), type: "text", class: "lab-logits", autocomplete: "off", spellcheck: "false", autocapitalize: "off",
      maxlength: "240", "aria-describedby": id("wrong"),
      on: { input: (event) => this.change({ z: event.target.value, step: 0 }) },
    });
    this.wrong = make("p", { id: id("wrong"), role: "status", class: "lab-said" });
    this.said = make("p", { role: "status", class: "lab-said" });
    this.outcome = make("p", { class: "lab-outcome", role: "status" });
    const button = (words, act, more = {}) => make("button", { type: "button", ...more, on: { click: act } }, words);
    this.before = button("Previous", () => this.go(this.at - 1));
    this.next = button("Next", () => this.go(this.at + 1), { class: "lab-main" });
    this.toBreak = button("Where it breaks", () => this.go(this.found.breaks));
    this.now = make("div", { class: "lab-now" });
    this.heard = make("p", { class: "lab-heard", role: "status" });
    this.all = make("tbody");
    this.overview = make("table", { class: "lab-overview" });
    const head = (...words) => make("thead", {}, make("tr", {}, ...words.map((w) => make("th", { scope: "col" }, w))));
    this.root.replaceChildren(
      make("div", { class: "actlab-lab-settings", role: "group", "aria-label": "Settings" },
        make("div", { class: "lab-wide" }, make("label", { for: id("z") }, "logits z"), this.field, this.wrong),
        select("format", "format", () => titles),
        select("result", "want", () => WANTED),
        select("program", "how", () =>
          Object.fromEntries(programs.waysTo(this.setting.want).map((way) => [way, programs.WAYS[way]]))),
        select("right class", "target", () => (this.setting.want !== "loss" ? { " 0": "for the cross-entropy only" } :
          Object.fromEntries(this.logits.map((z, i) => [` ${i}`, `${i}, of logit ${digitsOf(z, "float64")}`]))), Number)),
      make("div", { class: "actlab-lab-row" },
        button(copyWords(this.root), () => this.copy())),
      this.said,
      this.outcome,
      make("div", { class: "actlab-lab-row" }, this.before, this.next, this.toBreak),
      this.now,
      make("div", { class: "lab-steps", tabindex: "0", role: "region", "aria-label": "All steps" },
        make("table", {}, make("caption", {}, "All steps: each result, its bits (sign, exponent, fraction), and " +
          "what became of it"), head("step", "operation", "result and bits", "what"), this.all)),
      this.overview, this.heard);
    this.field.value = this.setting.z;
  }

  change(what) {
    this.setting = { ...this.setting, ...what };
    if (!programs.waysTo(this.setting.want).includes(this.setting.how)) this.setting.how = "shifted";
    this.said.textContent = "";
    this.compute();
    this.address();
  }

  /* Runs the program; a text that is no logits is told of, and the last ones that were stay. */
  compute() {
    const { setting } = this;
    const read = programs.parsedLogits(setting.z);
    this.field.setAttribute("aria-invalid", String(Boolean(read.error)));
    this.logits = read.values ?? this.logits ?? programs.parsedLogits(NUMBERS.z).values;
    const kept = this.logits.map((z) => digitsOf(z, "float64")).join(", ");
    this.wrong.textContent = read.error
      ? `Position ${read.at}: ${read.error}. Type up to ${programs.MOST_LOGITS} numbers with commas or spaces between ` +
        `them, inf and -inf among them. Below are still ${kept}.`
      : "";
    setting.target = Math.min(setting.target, this.logits.length - 1);
    for (const [key, [element, options]] of Object.entries(this.selects)) {
      const value = key === "target" ? ` ${setting.want === "loss" ? setting.target : 0}` : setting[key];
      element.replaceChildren(...Object.entries(options()).map(([one, words]) =>
        make("option", { value: one, selected: one === value }, words)));
      element.value = value;
    }
    this.selects.target[0].disabled = setting.want !== "loss";
    const of = formats.FORMATS[setting.format];
    this.found = programs.judge(this.logits, of, setting.want, setting.how, setting.target);
    this.sayOutcome();
    this.listSteps();
    this.compare();
    const start = Math.max(0, this.found.breaks);
    this.go(setting.step ? Math.min(setting.step, this.found.steps.length) - 1 : start, false);
  }

  sayOutcome() {
    const { format, want, how } = this.setting;
    const { result, right, verdict, off, breaks, steps } = this.found;
    const list = (values, of) => values.map((value) => digitsOf(value, of)).join(", ");
    const name = want === "loss" ? "The loss" : want === "log" ? "The log-softmax" : "The softmax";
    const true_ = right.map((value) => said(value, 4)).join(", ");
    const [what, of] = [programs.WAYS[how], formats.FORMATS[format].title];
    const begin = `${name}, ${what}, in ${of}: ${list(result, format)}.`;
    const end = {
      right: `Right: off by ${share(off)} % at most.`,
      wrong: `Off by ${share(off)} %: right is ${true_}.`,
      lost: `Right is ${true_}.`,
      none: "These logits have no right answer: infinity minus infinity is nothing.",
    }[verdict];
    const place = breaks < 0 ? "" :
      ` ${verdict === "lost" ? "It breaks" : "The digits are lost"} in step ${breaks + 1}, ${steps[breaks].words}.`;
    this.outcome.textContent = `${begin} ${end}${place}`;
    this.toBreak.disabled = breaks < 0;
  }

  listSteps() {
    const { format } = this.setting;
    this.all.replaceChildren(...this.found.steps.map((one, i) => {
      const bits = formats.bitsOf(one.value, formats.FORMATS[format]);
      return make("tr", { on: { click: () => this.go(i) }, class: i === this.found.breaks ? "lab-breaks" : null },
        make("th", { scope: "row" }, String(i + 1)), make("td", {}, one.words),
        make("td", {}, digitsOf(one.value, format), make("span", { class: "lab-pattern" }, bits.join(" "))),
        make("td", {}, `${NAMED[one.what] ?? one.what}${i === this.found.breaks ? ": here" : ""}`));
    }));
  }

  /* All programs in all formats, for these logits. */
  compare() {
    const { want, target, format, how } = this.setting;
    const ways = programs.waysTo(want);
    const cell = (key, way) => make("td", { "aria-current": key === format && way === how ? "true" : null },
      judgement(programs.judge(this.logits, formats.FORMATS[key], want, way, target)));
    this.overview.replaceChildren(
      make("caption", {}, `These logits in all formats: is the ${programs.WANTED[want]} right, and if not, where is ` +
        "it lost?"),
      make("thead", {}, make("tr", {}, make("td"), ...ways.map((way) => make("th", { scope: "col" }, SHORT_WAYS[way])))),
      make("tbody", {}, ...Object.entries(formats.FORMATS).map(([key, { title }]) =>
        make("tr", {}, make("th", { scope: "row" }, title), ...ways.map((way) => cell(key, way))))));
  }

  go(step, heard = true) {
    const { format } = this.setting;
    const { steps, breaks } = this.found;
    this.at = Math.min(steps.length - 1, Math.max(0, step));
    const one = steps[this.at];
    const bits = formats.bitsOf(one.value, formats.FORMATS[format]);
    const group = (words, digits) => make("div", { class: "lab-field" }, make("span", {}, words),
      make("span", { class: `lab-bits lab-${words}` }, ...[...digits].map((bit) => make("b", {}, bit))));
    const names = ["sign", "exponent", "fraction"];
    const words = `Step ${this.at + 1} of ${steps.length}: ${one.words}`;
    const result = digitsOf(one.value, format);
    const reason = told(one, format, steps);
    const here = this.at === breaks ? " Here it breaks." : "";
    this.now.replaceChildren(
      make("p", { class: "lab-title" }, `${words} = ${result}`),
      make("div", { class: "lab-pattern-now", "aria-hidden": "true" }, ...names.map((name, i) => group(name, bits[i]))),
      make("p", {}, `${decoded(one.value, format)}; ${formats.hexOf(bits)}. ${reason}${here}`));
    this.before.disabled = this.at === 0;
    this.next.disabled = this.at === steps.length - 1;
    [...this.all.rows].forEach((row, i) => {
      if (i === this.at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    });
    const row = this.all.rows[this.at];
    const frame = this.all.closest(".lab-steps");
    if (row.offsetTop < frame.scrollTop || row.offsetTop + row.offsetHeight > frame.scrollTop + frame.clientHeight) {
      frame.scrollTop = row.offsetTop - frame.clientHeight / 2;
    }
    if (!heard) return;
    this.heard.textContent = `${words} = ${result}. ${reason}${here}`;
    this.setting.step = this.at === Math.max(0, breaks) ? 0 : this.at + 1;
    this.address();
  }

  link() {
    const query = new URLSearchParams();
    writeNumbers(query, this.setting);
    const words = query.toString();
    return `${location.pathname}${words && `?${words}`}${location.hash}`;
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

  copy() {
    if (isEmbedded(this.root)) return handOn([asCall("numbers", this.link()), CALL], this.said);
    return handOn([new URL(this.link(), location.href).href, "The link to this setting"], this.said);
  }

  listen() {
    if (isEmbedded(this.root)) return;
    // a link to a setting on this very page moves the lab, without a new page
    const follow = (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      const there = new URL(link.href);
      if (there.pathname !== location.pathname || there.host !== location.host || !there.search) return;
      event.preventDefault();
      this.setting = readNumbers(there.searchParams);
      this.field.value = this.setting.z;
      this.change({});
      this.root.scrollIntoView({ block: "start" });
      this.field.focus({ preventScroll: true });
    };
    document.addEventListener("click", follow);
    this.ends.push(() => document.removeEventListener("click", follow));
  }

  close() {
    clearTimeout(this.later);
    this.ends.forEach((end) => end());
    this.root.replaceChildren();
  }
}
