/* Pictures: all of them say in text nearby what they show. */

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

/* An element with attributes and children; `on` has its listeners. */
function make(name, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "circle", "text", "rect", "g"].includes(name);
  const element = document.createElementNS(svg ? SVG : HTML, name);
  const { on = {}, ...rest } = attributes;
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  for (const [sign, listener] of Object.entries(on)) element.addEventListener(sign, listener);
  element.append(...children);
  return element;
}

// label 0, undecided, label 1; and the ink of points and of the line
const SHADES = {
  light: [[232, 168, 124], [247, 243, 238], [134, 182, 220], "#16191d", "#ffffff"],
  dark: [[128, 66, 28], [34, 38, 44], [38, 88, 136], "#f2f4f7", "#16191d"],
};
function isDark() {
  const { theme = { true: "light", false: "dark" }[document.body.dataset.jpThemeLight] } =
    document.documentElement.dataset; // of the book, or of JupyterLab
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const small = document.createElement("canvas"); // a pixel for each point of the grid

/* The surface of logits as colours, the line where they are 0, the points, and a cursor if there is one. */
function drawSurface(canvas, logits, size, { x, y, n }, reach, cursor = null) {
  const [none, middle, one, ink, paper] = SHADES[isDark() ? "dark" : "light"];
  const side = Math.round(canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1)) || 300;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  if (small.width !== size) small.width = small.height = size;
  const pixels = new ImageData(size, size);
  for (let k = 0; k < logits.length; k++) {
    const share = Number.isNaN(logits[k]) ? 0.5 : sigmoid(logits[k]);
    const [from, to, part] = share < 0.5 ? [none, middle, 2 * share] : [middle, one, 2 * share - 1];
    for (let c = 0; c < 3; c++) pixels.data[4 * k + c] = from[c] + part * (to[c] - from[c]);
    pixels.data[4 * k + 3] = 255;
  }
  small.getContext("2d").putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, 0, 0, side, side);
  context.strokeStyle = ink;
  context.lineWidth = side / 160;
  context.lineCap = "round";
  context.stroke(zeroLine(logits, size, side / size));
  context.lineWidth = side / 300;
  const radius = side / 85;
  const place = (x, y) => [(side / 2) * (1 + x / reach), (side / 2) * (1 - y / reach)];
  for (let k = 0; k < n; k++) {
    const [across, down] = place(x[k], x[n + k]);
    context.beginPath();
    if (y[k]) {
      context.arc(across, down, radius, 0, 7);
      context.fillStyle = ink;
    } else {
      context.moveTo(across - 1.4 * radius, down);
      context.lineTo(across, down - 1.4 * radius);
      context.lineTo(across + 1.4 * radius, down);
      context.lineTo(across, down + 1.4 * radius);
      context.closePath();
      context.fillStyle = paper;
    }
    context.fill();
    context.stroke();
  }
  if (!cursor) return;
  const [across, down] = place(...cursor);
  for (const [color, width] of [[paper, side / 60], [ink, side / 150]]) {
    context.beginPath();
    for (const [right, low] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(across + 2 * radius * right, down + 2 * radius * low);
      context.lineTo(across + 4 * radius * right, down + 4 * radius * low);
    }
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
}

/* Where a grid of numbers changes its sign, in pieces: one or two through each cell of four neighbours. */
function zeroLine(v, size, scale) {
  const path = new Path2D();
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const k = row * size + column;
      const corners = [v[k], v[k + 1], v[k + size + 1], v[k + size]];
      if (corners.every((c) => c > 0) || corners.every((c) => !(c > 0))) continue;
      const cuts = [];
      for (let side = 0; side < 4; side++) {
        const [a, b] = [corners[side], corners[(side + 1) % 4]];
        if (a > 0 === b > 0) continue;
        const part = Number.isFinite(a - b) ? a / (a - b) : 0.5;
        const [right, down] = [[part, 0], [1, part], [1 - part, 1], [0, 1 - part]][side];
        cuts.push([(column + 0.5 + right) * scale, (row + 0.5 + down) * scale]);
      }
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        path.moveTo(...cuts[i]);
        path.lineTo(...cuts[i + 1]);
      }
    }
  }
  return path;
}

/* f from -4 to 4, in its own colour and dash; a jump has no stroke. */
function drawFunction(svg, name, settings) {
  const f = functionOf(name, settings);
  let path = "";
  let before = NaN;
  for (let z = -4; z <= 4; z += 0.05) {
    const value = f(z);
    path += `${Math.abs(value - before) < 0.4 ? "L" : "M"}${(z * 10).toFixed(1)} ${(-10 * value).toFixed(1)}`;
    before = value;
  }
  const { color, dash } = entryOf(name);
  const dashes = dash.map((part) => 2 * part).join(" ");
  svg.replaceChildren(
    make("path", { d: "M-40 0H40M0 -40V20", class: "lab-axis" }),
    make("path", { d: path, class: "lab-curve", stroke: color, "stroke-dasharray": dashes }),
  );
}

/* Bars of a histogram, 24 x 10. */
function bars({ bins, count }) {
  const most = Math.max(1, ...bins);
  return count ? [...bins].map((b, i) => (b ? `M${i} 10v${(-10 * b / most).toFixed(2)}h1V10z` : "")).join("") : "";
}

/* Powers of ten, and 2 and 5 times them, between two numbers: at most so many. */
function ticks(low, high, most) {
  for (const steps of [[1, 2, 5], [1], [1e-3]]) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += steps[0] === 1e-3 ? 3 : 1) {
      for (const step of steps) {
        const value = (step === 1e-3 ? 1 : step) * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
      }
    }
    if (found.length <= most && found.length) return found;
  }
  return [low, high];
}

/* Lines of losses over updates, both on a log axis for the losses. */
const PLOT = { width: 340, height: 190, left: 46, right: 8, top: 8, bottom: 30 };
function drawLosses(svg, { at, train, test }, color) {
  const seen = [...train, ...test].filter((v) => v > 0 && Number.isFinite(v));
  let [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0.1, 1];
  [low, high] = [Math.min(low / 1.1, high / 2), high * 1.1];
  const { width, height, left, right, top, bottom } = PLOT;
  const last = Math.max(1, at.at(-1) ?? 1);
  const across = (step) => left + (width - left - right) * (step / last);
  const down = (v) => top + ((height - top - bottom) * Math.log(high / v)) / Math.log(high / low);
  const line = (values) => {
    let path = "";
    values.forEach((v, i) => {
      if (v > 0 && Number.isFinite(v)) path += `${path ? "L" : "M"}${across(at[i]).toFixed(1)} ${down(v).toFixed(1)}`;
    });
    return path;
  };
  const parts = [make("path", { class: "lab-axis", d: `M${left} ${top}V${height - bottom}H${width - right}` })];
  for (const value of ticks(low, high, 5)) {
    const place = down(value);
    parts.push(make("path", { class: "lab-axis", d: `M${left - 4} ${place}h4` }));
    parts.push(make("text", { x: left - 7, y: place + 4, "text-anchor": "end" }, said(value, 1)));
  }
  parts.push(make("text", { x: left, y: height - 14 }, "0"));
  parts.push(make("text", { x: width - right, y: height - 14, "text-anchor": "end" }, `${last} updates`));
  parts.push(make("path", { class: "lab-test", d: line(test) }));
  parts.push(make("path", { class: "lab-train", d: line(train), stroke: color }));
  svg.replaceChildren(...parts);
}

/* A row of dots for each setting, on a log axis, with its median and middle half. */
function drawStrip(svg, rows, sums) {
  const floor = (v) => Math.max(v, 1e-12);
  const seen = rows.flat().filter(Number.isFinite).map(floor);
  let [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0.1, 1];
  [low, high] = [Math.min(low / 1.2, high / 2), high * 1.2];
  const [width, left, right, row] = [340, 30, 12, 46];
  const across = (v) => left + ((width - left - right) * Math.log(floor(v) / low)) / Math.log(high / low);
  const bottom = 8 + row * rows.length;
  const parts = [make("path", { class: "lab-axis", d: `M${left} ${bottom}H${width - right}` })];
  for (const value of ticks(low, high, 6)) {
    parts.push(make("path", { class: "lab-axis", d: `M${across(value)} ${bottom}v4` }));
    parts.push(make("text", { x: across(value), y: bottom + 17, "text-anchor": "middle" }, said(value, 1)));
  }
  rows.forEach((losses, i) => {
    const middle = 8 + row * (i + 0.5);
    parts.push(make("text", { x: 6, y: middle + 5, class: "lab-letter" }, "AB"[i]));
    losses.forEach((v, k) => {
      if (!Number.isFinite(v)) return;
      const up = middle + (((k * 7) % 20) - 9.5); // side by side, so that none hides another
      const place = { cx: across(v).toFixed(1), cy: up.toFixed(1), r: 3 };
      parts.push(make("circle", { ...place, class: `lab-dot lab-dot-${"ab"[i]}` }));
    });
    const { low: q1, median, high: q3 } = sums[i];
    if (Number.isNaN(median)) return;
    parts.push(make("path", { class: "lab-half", d: `M${across(q1)} ${middle}H${across(q3)}` }));
    parts.push(make("path", { class: "lab-median", d: `M${across(median)} ${middle - 15}v30` }));
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 24}`);
  svg.replaceChildren(...parts);
}
