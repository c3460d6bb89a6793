/* Points that a reader sets, each with its label: on a grid, so that an address holds many of them, two signs each. */

const STEPS_OUT = 20; // of the grid, from the middle of the picture to 1
const ACROSS = 2 * STEPS_OUT + 1;
const MOST_POINTS = 100;
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const GRASP = 3; // steps: what is removed may be so far from the finger

/* From the text of an address [column, row, label] of each point, in steps from the middle; null for a damaged one. */
function pointsIn(text) {
  if (text.length % 2 || text.length > 2 * MOST_POINTS) return null;
  const places = new Set();
  const points = [];
  for (let i = 0; i < text.length; i += 2) {
    const [high, low] = [SIGNS.indexOf(text[i]), SIGNS.indexOf(text[i + 1])];
    const code = high * SIGNS.length + low;
    const place = code % ACROSS ** 2;
    if (high < 0 || low < 0 || code >= 2 * ACROSS ** 2 || places.has(place)) return null;
    places.add(place);
    points.push([(place % ACROSS) - STEPS_OUT, Math.floor(place / ACROSS) - STEPS_OUT, code === place ? 0 : 1]);
  }
  return points;
}

function pointsAsText(points) {
  return points.map(([column, row, label]) => {
    const code = (label * ACROSS + row + STEPS_OUT) * ACROSS + column + STEPS_OUT;
    return SIGNS[Math.floor(code / SIGNS.length)] + SIGNS[code % SIGNS.length];
  }).join("");
}

const coordinates = (points) => points.map(([column, row, label]) => [column / STEPS_OUT, row / STEPS_OUT, label]);
const counted = (n) => `${n} ${n === 1 ? "point" : "points"}`;

/* What sets points in a picture: by click or tap, and by keys. Calls changed(text) with the new ones, moved() where
   only the cursor is another. */
class PointSetter {
  constructor(canvas, reach, name, { changed, moved }) {
    Object.assign(this, { canvas, reach, changed, moved, points: [], at: [0, 0], tool: 1 });
    const tools = [[1, "● label 1"], [0, "◇ label 0"], [null, "Remove"]];
    const choices = tools.map(([tool, words]) => make("button", {
      type: "button", "aria-pressed": String(tool === this.tool), on: { click: (event) => {
        this.tool = tool;
        choices.forEach((one) => one.setAttribute("aria-pressed", String(one === event.target)));
      } },
    }, words));
    this.clear = make("button", { type: "button", on: { click: () => this.keep([], "No point is left.") } }, "Clear");
    this.count = make("p");
    this.said = make("p", { role: "status" });
    this.rows = make("tbody");
    this.help = make("p", { id: `${name}-keys` }, "Click or tap the picture to set points, or use keys in it: arrows " +
      "move a cursor, with Shift five steps; 1 and 0 set a point of that label, Delete removes it. " +
      "Each change begins anew.");
    const heads = ["point", "x", "y", "label"].map((words) => make("th", { scope: "col" }, words));
    this.element = make("div", { class: "lab-points" },
      make("div", { class: "actlab-lab-row", role: "group", "aria-label": "What a click does" }, ...choices, this.clear),
      this.help, this.count, this.said,
      make("details", {}, make("summary", {}, "Your points as a table"),
        make("table", {}, make("caption", {}, "Where each point is, in the order that they were set"),
          make("thead", {}, make("tr", {}, ...heads)), this.rows)));
    canvas.addEventListener("click", (event) => this.click(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const sign of ["focus", "blur"]) canvas.addEventListener(sign, () => { if (this.on) moved(); });
  }

  /* These points; null: the picture shows others, and nothing sets any. */
  show(points) {
    const { canvas } = this;
    this.on = points !== null;
    this.element.hidden = !this.on;
    canvas.classList.toggle("lab-pointing", this.on);
    // the last keeps JupyterLab's own keys from the picture
    const more = { tabindex: "0", "aria-describedby": this.help.id, "data-lm-suppress-shortcuts": "true" };
    for (const [key, value] of Object.entries(more)) {
      if (this.on) canvas.setAttribute(key, value);
      else canvas.removeAttribute(key);
    }
    canvas.setAttribute("role", this.on ? "application" : "img");
    this.points = points ?? [];
    const ones = this.points.filter(([, , label]) => label).length;
    this.count.textContent = `${counted(this.points.length)} of at most ${MOST_POINTS}: ${ones} of label 1, ` +
      `${this.points.length - ones} of label 0. All are learned from; none is kept back as a fresh one.`;
    this.rows.replaceChildren(...coordinates(this.points).map(([x, y, label], k) => make("tr", {},
      make("th", { scope: "row" }, String(k + 1)), ...[said(x), said(y), label].map((words) => make("td", {}, words)))));
  }

  /* Where the cursor is, while keys move it. */
  get cursor() {
    return this.on && document.activeElement === this.canvas ? this.at.map((steps) => steps / STEPS_OUT) : null;
  }

  get place() {
    return `x ${said(this.at[0] / STEPS_OUT)}, y ${said(this.at[1] / STEPS_OUT)}`;
  }

  keep(points, words) {
    this.said.textContent = words;
    this.changed(pointsAsText(points));
  }

  set(label) {
    const there = this.points.findIndex(([column, row]) => column === this.at[0] && row === this.at[1]);
    const others = this.points.filter((_, k) => k !== there);
    if (others.length === MOST_POINTS) {
      this.said.textContent = `${MOST_POINTS} points are the most: remove one first.`;
    } else if (there < 0 || this.points[there][2] !== label) {
      const all = [...others, [...this.at, label]];
      this.keep(all, `Label ${label} at ${this.place}; ${counted(all.length)}.`);
    }
  }

  /* The point nearest to the cursor, if it is so near. */
  remove(most) {
    const off = ([column, row]) => Math.hypot(column - this.at[0], row - this.at[1]);
    const [nearest] = [...this.points].sort((p, q) => off(p) - off(q));
    if (!nearest || off(nearest) > most) {
      this.said.textContent = `No point to remove at ${this.place}.`;
      return;
    }
    this.at = nearest.slice(0, 2);
    const rest = this.points.filter((one) => one !== nearest);
    this.keep(rest, `Removed at ${this.place}; ${counted(rest.length)} left.`);
  }

  click(event) {
    if (!this.on) return;
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const sides = [(2 * (event.clientX - left)) / width - 1, 1 - (2 * (event.clientY - top)) / height];
    this.at = sides.map((side) => Math.max(-STEPS_OUT, Math.min(STEPS_OUT, Math.round(side * this.reach * STEPS_OUT))));
    if (this.tool === null) this.remove(GRASP);
    else this.set(this.tool);
    this.moved();
  }

  key(event) {
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const way = Object.hasOwn(ways, event.key) ? ways[event.key] : null;
    if (way) {
      const steps = event.shiftKey ? 5 : 1;
      this.at = this.at.map((one, i) => Math.max(-STEPS_OUT, Math.min(STEPS_OUT, one + steps * way[i])));
      const here = this.points.find(([column, row]) => column === this.at[0] && row === this.at[1]);
      this.said.textContent = `${this.place}: ${here ? `label ${here[2]}` : "no point"}.`;
      this.moved();
    } else if (event.key === "1" || event.key === "0") {
      this.set(Number(event.key));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.remove(0);
    } else {
      return;
    }
    event.preventDefault();
  }
}
