/* Functions as tapes: single operations, each over a block of numbers, so that one list of them runs here and in
   compiled code (engine.c).

   An expression is a number or { op, from }; what is written twice is computed once. */

const BLOCK = 128; // as in engine.c

/* exp(x^2) erfc(x) for x >= 0: (1 + 2 x) times it is smooth in t, and summed as a Chebyshev series. */
function erfcx(x) {
  const t = (x - ERFCX_MIDDLE) / (x + ERFCX_MIDDLE);
  let b = 0;
  let c = 0;
  for (let k = ERFCX.length - 1; k > 0; k--) {
    const next = 2 * t * b - c + ERFCX[k];
    c = b;
    b = next;
  }
  return (t * b - c + ERFCX[0]) / (1 + 2 * x);
}

function erf(x) {
  const size = Math.abs(x);
  if (size >= 0.5) return Math.sign(x) * (size > 6 ? 1 : 1 - erfcx(size) * Math.exp(-x * x));
  let sum = 0, term = x; // its series, which keeps the digits near 0
  for (let n = 0; n < 13; n++) {
    sum += term / (2 * n + 1);
    term *= (-x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function tanhSlope(m, x) {
  return m < 1e300 ? (4 * (m + 1)) / (m + 2) / (m + 2) : 4 * Math.exp(-2 * Math.abs(x));
}

const eachOne = (f) => (a, b, c, o, n) => {
  for (let k = 0; k < n; k++) o[k] = f(a[k], b[k]);
};

/* Name of an operation -> what it does with n numbers of lines a, b, c, into line o. Those up to atan2 have the same
   numbers in engine.c; the rest are done here for both. A comparison is 1, 0, or NaN beside a NaN. */
const OPERATIONS = {
  copy: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k]; },
  add: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] + b[k]; },
  subtract: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] - b[k]; },
  multiply: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] * b[k]; },
  divide: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] / b[k]; },
  // 0 times anything is 0: where a slope is 0, what it is multiplied with may be infinite
  times: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] === 0 || b[k] === 0 ? 0 : a[k] * b[k]; },
  abs: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.abs(a[k]); },
  sqrt: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.sqrt(a[k]); },
  max: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] < b[k] ? b[k] : a[k]; },
  min: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = b[k] < a[k] ? b[k] : a[k]; },
  less: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] < b[k] ? 1 : a[k] >= b[k] ? 0 : NaN; },
  upTo: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] <= b[k] ? 1 : a[k] > b[k] ? 0 : NaN; },
  choose: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = a[k] === 1 ? b[k] : a[k] === 0 ? c[k] : NaN; },
  exp: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.exp(a[k]); },
  expm1: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.expm1(a[k]); },
  log1p: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.log1p(a[k]); },
  // both from m = expm1(2 |x|), and from x where that is infinite
  tanh: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = Math.tanh(b[k]); },
  tanhSlope: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = tanhSlope(a[k], b[k]); },
  erfcx: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = erfcx(a[k]); },
  erf: (a, b, c, o, n) => { for (let k = 0; k < n; k++) o[k] = erf(a[k]); },
  sin: eachOne(Math.sin),
  cos: eachOne(Math.cos),
  log: eachOne(Math.log),
  sinh: eachOne(Math.sinh),
  cosh: eachOne(Math.cosh),
  atan2: eachOne(Math.atan2),
  sign: eachOne(Math.sign),
  pow: eachOne(Math.pow),
};
/* Name of an operation -> its number. */
const CODES = Object.fromEntries(Object.keys(OPERATIONS).map((name, i) => [name, i]));

const Z = { op: "z" };
const Y = { op: "y" }; // the labels, of a loss

/* Name of an operation -> what makes an expression with it. */
const ops = Object.fromEntries(Object.entries(OPERATIONS).map(([op, fill]) => [op, (...from) => {
  if (!from.every((one) => typeof one === "number")) return { op, from };
  const [a, b, c] = from.map((one) => [one]);
  const out = [0];
  fill(a, b ?? a, c ?? a, out, 1);
  return out[0];
}]));
Object.assign(ops, {
  add: ((add) => (a, b) => (a === 0 ? b : b === 0 ? a : add(a, b)))(ops.add),
  subtract: ((subtract) => (a, b) => (b === 0 ? a : subtract(a, b)))(ops.subtract),
  divide: ((divide) => (a, b) => (b === 1 ? a : divide(a, b)))(ops.divide),
  multiply: ((multiply) => (a, b) => (a === 1 ? b : b === 1 ? a : multiply(a, b)))(ops.multiply),
  times: ((times) => (a, b) => (a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : times(a, b)))(ops.times),
  choose: ((choose) => (a, b, c) => (a === 1 ? b : a === 0 ? c : b === 1 && c === 0 ? a : choose(a, b, c)))(ops.choose),
  abs: ((abs) => (a) => abs(a.op === "multiply" && a.from[0] === -1 ? a.from[1] : a))(ops.abs),
  atan: (a) => ops.atan2(a, 1),
  negative: (a) => ops.multiply(-1, a),
  clip: (a, low, high) => ops.min(ops.max(a, low), high),
  /* Any function of one number; compiled code cannot have it. */
  call: (f, a) => ({ op: "call", f: eachOne(f), from: [a] }),
});

/* Some expressions as one tape. Its lines: the inputs, the outputs, then the rest, each used again when what is in it
   is no longer needed. */
class Tape {
  constructor(outputs, inputs = [Z]) {
    const list = []; // every operation once, after those that it takes
    const found = new Map();
    const keys = new Map();
    const visit = (one) => {
      if (found.has(one)) return found.get(one);
      const from = one.from?.map(visit) ?? [];
      const key = typeof one === "number" ? `${Object.is(one, -0) ? "-0" : one}`
        : one.op === "call" ? {} : `${one.op} ${from.map(({ id }) => id).join(" ")}`;
      let known = keys.get(key);
      if (!known) {
        known = { ...(typeof one === "number" ? { value: one } : one), from, id: keys.size, last: 0 };
        keys.set(key, known);
        list.push(known);
      }
      found.set(one, known);
      return known;
    };
    this.inputs = inputs.length;
    inputs.forEach((one, i) => { visit(one).line = i; });
    const ends = outputs.map(visit);
    this.outputs = ends.length;
    this.streams = this.inputs + this.outputs;
    ends.forEach((end, i) => { if (end.from.length && end.line === undefined) end.line = this.inputs + i; });
    const steps = list.filter(({ from }) => from.length);
    steps.forEach((one, i) => one.from.forEach((earlier) => { earlier.last = i; }));
    this.constants = list.filter(({ value }) => value !== undefined);
    this.constants.forEach((one, i) => { one.line = this.streams + i; });
    let count = this.streams + this.constants.length;
    const free = [];
    this.steps = steps.map((one, i) => {
      if (one.line === undefined) one.line = free.pop() ?? count++;
      one.from.forEach((earlier) => {
        if (earlier.last === i && earlier.line >= this.streams && earlier.value === undefined) {
          free.push(earlier.line);
          earlier.last = -1; // it may be taken twice
        }
      });
      const [a, b = a, c = a] = one.from.map(({ line }) => line);
      return { op: one.op, f: one.f ?? OPERATIONS[one.op], lines: [a, b, c, one.line] };
    });
    ends.forEach(({ line }, i) => {
      const to = this.inputs + i;
      if (line !== to) this.steps.push({ op: "copy", f: OPERATIONS.copy, lines: [line, line, line, to] });
    });
    this.count = count;
  }

  /* The operations for engine.c: number, and four lines. */
  get code() {
    return Int32Array.from(this.steps.flatMap(({ op, lines }) => [CODES[op], ...lines]));
  }

  /* n numbers of each input into each output: Float64Arrays, all of them others. */
  run(streams, n) {
    if (!this.lines) {
      this.lines = Array.from({ length: this.count }, () => new Float64Array(BLOCK));
      this.constants.forEach(({ line, value }) => this.lines[line].fill(value));
    }
    const { lines, steps } = this;
    for (let at = 0; at < n; at += BLOCK) {
      const size = Math.min(BLOCK, n - at);
      for (let i = 0; i < this.streams; i++) lines[i] = n > BLOCK ? streams[i].subarray(at, at + size) : streams[i];
      for (let i = 0; i < steps.length; i++) {
        const [a, b, c, o] = steps[i].lines;
        steps[i].f(lines[a], lines[b], lines[c], lines[o], size);
      }
    }
  }
}

/* The slope of the function that was asked last. */
let slope = 0;

/* What all parts take for a function: f(z) returns the value and leaves the slope in `slope`; f.fill(z, n, value,
   slopes, bends) does n numbers at once (slopes and bends may be null); f.values and f.both are its tapes. */
function asFunction([value, steep, bent]) {
  const made = {};
  const tape = (name, ...outputs) => (made[name] ??= new Tape(outputs));
  const [at, ...one] = [0, 0, 0].map(() => new Float64Array(1));
  const f = (z) => {
    at[0] = z;
    f.both.run([at, ...one], 1);
    slope = one[1][0];
    return one[0][0];
  };
  Object.defineProperties(f, {
    values: { get: () => tape("values", value) },
    both: { get: () => tape("both", value, steep) },
    all: { get: () => tape("all", value, steep, bent) },
  });
  f.fill = (z, n, values, slopes, bends) => {
    if (bends) f.all.run([z, values, slopes, bends], n);
    else if (slopes) f.both.run([z, values, slopes], n);
    else f.values.run([z, values], n);
  };
  return f;
}
