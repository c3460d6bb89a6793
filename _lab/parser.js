/* Functions that a reader types in: a text becomes a tape of operations, by whitelist and without eval.

   Each operation runs over a block of numbers and carries three of them for each: value, slope and second derivative.
   A text of LONGEST characters has about as many operations at most, since each is written with at least one of them. */

const LONGEST = 200; // characters
const DEEPEST = 60; // parentheses, signs and powers within one another
const BLOCK = 256;

/* What is wrong with a text, and from which character on, the first being 1. */
class Mistake extends Error {
  constructor(words, at) {
    super(`Character ${at}: ${words}`);
    this.at = at;
  }
}

const SQRT_PI = Math.sqrt(Math.PI);

function normalTail(x) { // of the standard normal distribution, below -|x|
  const size = Math.abs(x);
  return size > 39 ? 0 : (erfcx(size * Math.SQRT1_2) * Math.exp((-size * size) / 2)) / 2;
}
const normalDensity = (x) => Math.exp((-x * x) / 2) / SQRT_2_PI;
function errorFunction(x) {
  const size = Math.abs(x);
  if (size > 1) return Math.sign(x) * (size > 6 ? 1 : 1 - erfcx(size) * Math.exp(-x * x));
  let sum = 0, term = x; // its series, which keeps the digits near 0
  for (let n = 0; n < 22; n++) {
    sum += term / (2 * n + 1);
    term *= (-x * x) / (n + 1);
  }
  return (2 / SQRT_PI) * sum;
}

/* Functions of one number besides those of the catalog: value, with the slope left in `slope`; second derivative. */
const ELEMENTARY = {
  abs: [(x) => (slope = Math.sign(x), Math.abs(x)), () => 0],
  sign: [(x) => (slope = 0, Math.sign(x)), () => 0],
  exp: [(x) => (slope = Math.exp(x)), Math.exp],
  expm1: [(x) => (slope = Math.exp(x), Math.expm1(x)), Math.exp],
  log: [(x) => (slope = x < 0 ? NaN : 1 / x, Math.log(x)), (x) => -1 / (x * x)],
  log1p: [(x) => (slope = x < -1 ? NaN : 1 / (1 + x), Math.log1p(x)), (x) => -1 / (1 + x) ** 2],
  sqrt: [(x) => { const root = Math.sqrt(x); slope = 0.5 / root; return root; }, (x) => -0.25 / (x * Math.sqrt(x))],
  sin: [(x) => (slope = Math.cos(x), Math.sin(x)), (x) => -Math.sin(x)],
  cos: [(x) => (slope = -Math.sin(x), Math.cos(x)), (x) => -Math.cos(x)],
  sinh: [(x) => (slope = Math.cosh(x), Math.sinh(x)), Math.sinh],
  cosh: [(x) => (slope = Math.sinh(x), Math.cosh(x)), Math.cosh],
  atan: [(x) => (slope = 1 / (1 + x * x), Math.atan(x)), (x) => (-2 * x) / (1 + x * x) ** 2],
  erf: [(x) => (slope = (2 / SQRT_PI) * Math.exp(-x * x), errorFunction(x)),
    (x) => (-4 / SQRT_PI) * (Math.abs(x) > 30 ? 0 : x * Math.exp(-x * x))],
  Phi: [(x) => { slope = normalDensity(x); const tail = normalTail(x); return x > 0 ? 1 - tail : tail; },
    (x) => (Math.abs(x) > 40 ? 0 : -x * normalDensity(x))],
};
const CONSTANTS = { pi: Math.PI, e: Math.E };
const COUNTS = { max: 2, min: 2, clip: 3, where: 3 }; // arguments; all others take one
const ALIKE = { "−": "-", "·": "*", "×": "*", "÷": "/", "π": "pi", "**": "^" };
const TOKEN = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z_0-9]*|π)|(\*\*|<=|>=|[-+*/^(),<>−·×÷]))/uy;

const shown = (word) => `“${word.length > 20 ? `${word.slice(0, 20)}…` : word}”`;

/* The words of a text: {kind, text, at}, and one of kind "end". */
function wordsOf(text) {
  if (text.length > LONGEST) throw new Mistake(`a function has at most ${LONGEST} of them.`, LONGEST + 1);
  const found = [];
  let at = 0;
  while (text.slice(at).trim()) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) {
      at += text.slice(at).search(/\S/);
      throw new Mistake(`${shown(String.fromCodePoint(text.codePointAt(at)))} means nothing in a function.`, at + 1);
    }
    const [, number, name, sign] = match;
    const word = number ?? name ?? sign;
    at = TOKEN.lastIndex;
    const kind = number ? "number" : name ? "name" : "sign";
    found.push({ kind, text: Object.hasOwn(ALIKE, word) ? ALIKE[word] : word, at: at - word.length + 1 });
  }
  return [...found, { kind: "end", text: "", at: text.length + 1 }];
}

/* Reads a text by recursive descent, and writes the tape: each operation after what it takes. */
class Reader {
  constructor(text) {
    this.words = wordsOf(text);
    this.next = 0;
    this.depth = 0;
    this.tape = [];
    this.variable = this.write({ fill: null, from: [], constant: false });
    if (this.words.length === 1) throw new Mistake("a function of z is missing, such as z * sigmoid(z).", 1);
    this.result = this.sum();
    const { kind, text: rest, at } = this.word;
    if (kind === "end") return;
    if (rest === ")") throw new Mistake("this parenthesis was never opened.", at);
    if (["<", "<=", ">", ">="].includes(rest)) {
      throw new Mistake("a comparison stands only in where(z > 0, one, other).", at);
    }
    throw new Mistake(`${shown(rest)} cannot stand here: an operation is missing.`, at);
  }

  get word() {
    return this.words[this.next];
  }

  /* The next word, taken, if it is this sign. */
  take(...signs) {
    const { kind, text } = this.word;
    return kind === "sign" && signs.includes(text) ? this.words[this.next++] : null;
  }

  need(sign, words) {
    if (!this.take(sign)) throw new Mistake(words, this.word.at);
  }

  write(operation) {
    return this.tape.push(operation) - 1;
  }

  constant(value) {
    return this.write({ fill: null, from: [], constant: true, value });
  }

  operate(name, ...from) {
    const constant = from.every((one) => this.tape[one].constant);
    const [a, b] = from;
    const cut = { "/": [[b, null, 0]], max: [[a, b, 0]], min: [[a, b, 0]], "<": [[a, b, 0]], "<=": [[a, b, 0]] }[name] ?? [];
    if (name === "^" && this.tape[b].constant) return this.write({ fill: power, from, constant, cuts: [[a, null, 0]] });
    return this.write({ fill: OPERATIONS[name], from, constant, cuts: cut });
  }

  within(read, at) {
    if (++this.depth > DEEPEST) throw new Mistake(`more than ${DEEPEST} things within one another.`, at);
    const found = read();
    this.depth--;
    return found;
  }

  sum() {
    let left = this.product();
    for (let sign; (sign = this.take("+", "-")); ) left = this.operate(sign.text, left, this.product());
    return left;
  }

  product() {
    let left = this.signed();
    let divided = false;
    for (;;) {
      const sign = this.take("*", "/");
      const { kind, text, at } = this.word;
      if (sign) {
        divided = sign.text === "/";
        left = this.operate(sign.text, left, this.signed());
      } else if (kind === "name" || (kind === "sign" && text === "(")) {
        if (divided) throw new Mistake("write * here, or a parenthesis around what divides.", at);
        left = this.operate("*", left, this.raised());
      } else {
        return left;
      }
    }
  }

  signed() {
    const sign = this.take("-", "+");
    if (!sign) return this.raised();
    const inner = this.within(() => this.signed(), sign.at);
    return sign.text === "-" ? this.operate("negative", inner) : inner;
  }

  raised() {
    const base = this.single();
    const sign = this.take("^");
    return sign ? this.operate("^", base, this.within(() => this.signed(), sign.at)) : base;
  }

  single() {
    const { kind, text, at } = this.word;
    if (kind === "number") {
      this.next++;
      const value = Number(text);
      if (!Number.isFinite(value)) throw new Mistake("this number is too large.", at);
      return this.constant(value);
    }
    if (kind === "name") {
      this.next++;
      return this.named(text, at);
    }
    if (this.take("(")) {
      const inner = this.within(() => this.sum(), at);
      this.need(")", `a parenthesis is missing: the one of character ${at} is open.`);
      return inner;
    }
    if (kind === "end") throw new Mistake("the text ends where a number, z or a function is missing.", at);
    throw new Mistake(`${shown(text)} stands where a number, z or a function is missing.`, at);
  }

  named(name, at) {
    if (name === "z") return this.variable;
    if (Object.hasOwn(CONSTANTS, name)) return this.constant(CONSTANTS[name]);
    const known = [ELEMENTARY, FUNCTIONS, COUNTS].some((table) => Object.hasOwn(table, name));
    if (!known) throw new Mistake(`there is no ${shown(name)}; the variable is z.`, at);
    this.need("(", `${shown(name)} takes what stands in parentheses after it.`);
    const from = this.within(() => this.given(name, at), at);
    if (name === "clip") return this.operate("min", this.operate("max", from[0], from[1]), from[2]);
    if (Object.hasOwn(OPERATIONS, name)) return this.operate(name, ...from);
    const [f, bend] = Object.hasOwn(ELEMENTARY, name) ? ELEMENTARY[name] : [functionOf(name), bendOf(name)];
    const kinks = Object.hasOwn(FUNCTIONS, name)
      ? kinksOf(name, CATALOG[name].settings)
      : ["abs", "sign", "log", "sqrt"].includes(name) ? [0] : name === "log1p" ? [-1] : [];
    const cuts = kinks.map((kink) => [from[0], null, kink]);
    return this.write({ fill: composed(f, bend), from, constant: this.tape[from[0]].constant, cuts });
  }

  /* The arguments of a function, up to its closing parenthesis. */
  given(name, at) {
    const count = Object.hasOwn(COUNTS, name) ? COUNTS[name] : 1;
    const found = [];
    for (let i = 0; i < count; i++) {
      if (i) this.need(",", `${shown(name)} takes ${count} numbers, with commas between them.`);
      found.push(name === "where" && i === 0 ? this.comparison() : this.sum());
    }
    const { at: here, text } = this.word;
    const many = text === "," ? `${shown(name)} takes ${count === 1 ? "one number" : `${count} numbers`}.` : null;
    this.need(")", many ?? `a parenthesis is missing: the one of ${shown(name)}, character ${at}, is open.`, here);
    return found;
  }

  comparison() {
    const left = this.sum();
    const sign = this.take("<", "<=", ">", ">=");
    if (!sign) throw new Mistake("where begins with a comparison, such as z > 0.", this.word.at);
    const right = this.sum();
    return sign.text.startsWith(">")
      ? this.operate(sign.text.replace(">", "<"), right, left)
      : this.operate(sign.text, left, right);
  }
}

/* 0 times anything is 0 here: where a slope is 0, what it is multiplied with may be infinite. */
const times = (a, b) => (a === 0 || b === 0 ? 0 : a * b);

function put(line, k, value, steep, bent) {
  line.v[k] = value;
  line.s[k] = steep;
  line.b[k] = bent;
}

/* Each takes lines {v, s, b} of value, slope and second derivative, writes the last one, and works on n numbers. */
const OPERATIONS = {
  "+": (p, q, o, n) => {
    for (let k = 0; k < n; k++) put(o, k, p.v[k] + q.v[k], p.s[k] + q.s[k], p.b[k] + q.b[k]);
  },
  "-": (p, q, o, n) => {
    for (let k = 0; k < n; k++) put(o, k, p.v[k] - q.v[k], p.s[k] - q.s[k], p.b[k] - q.b[k]);
  },
  negative: (p, o, n) => {
    for (let k = 0; k < n; k++) put(o, k, -p.v[k], -p.s[k], -p.b[k]);
  },
  "*": (p, q, o, n) => {
    for (let k = 0; k < n; k++) {
      const x = p.v[k], y = q.v[k], ps = p.s[k], qs = q.s[k];
      o.v[k] = x * y;
      o.s[k] = times(ps, y) + times(x, qs);
      o.b[k] = times(p.b[k], y) + 2 * times(ps, qs) + times(x, q.b[k]);
    }
  },
  "/": (p, q, o, n) => {
    for (let k = 0; k < n; k++) {
      const y = q.v[k], value = p.v[k] / y, slopeHere = (p.s[k] - times(value, q.s[k])) / y;
      o.v[k] = value;
      o.s[k] = slopeHere;
      o.b[k] = (p.b[k] - 2 * times(slopeHere, q.s[k]) - times(value, q.b[k])) / y;
    }
  },
  "^": (p, q, o, n) => { // with an exponent that moves
    for (let k = 0; k < n; k++) {
      const x = p.v[k], y = q.v[k], ps = p.s[k], log = Math.log(x), value = Math.pow(x, y);
      const grows = times(q.s[k], log) + times(y, ps / x);
      o.v[k] = value;
      o.s[k] = times(value, grows);
      const bends = times(q.b[k], log) + 2 * times(q.s[k], ps / x) + times(y, p.b[k] / x - (ps / x) ** 2);
      o.b[k] = times(value, grows ** 2 + bends);
    }
  },
  max: (p, q, o, n) => pick(p, q, o, n, (x, y) => x > y),
  min: (p, q, o, n) => pick(p, q, o, n, (x, y) => x < y),
  "<": (p, q, o, n) => compare(p, q, o, n, (x, y) => x < y),
  "<=": (p, q, o, n) => compare(p, q, o, n, (x, y) => x <= y),
  where: (c, p, q, o, n) => {
    for (let k = 0; k < n; k++) {
      const from = c.v[k] === 1 ? p : q;
      if (Number.isNaN(c.v[k])) put(o, k, NaN, NaN, NaN);
      else put(o, k, from.v[k], from.s[k], from.b[k]);
    }
  },
};

function power(p, q, o, n) { // with an exponent that is one number
  const y = q.v[0];
  for (let k = 0; k < n; k++) {
    const x = p.v[k], ps = p.s[k], first = times(y, Math.pow(x, y - 1));
    o.v[k] = Math.pow(x, y);
    o.s[k] = times(first, ps);
    o.b[k] = times(times(y * (y - 1), Math.pow(x, y - 2)), ps * ps) + times(first, p.b[k]);
  }
}

/* Where both are equal, the one that is less steep: max(z, 0) has slope 0 at 0, as relu has. */
function pick(p, q, o, n, first) {
  for (let k = 0; k < n; k++) {
    const x = p.v[k], y = q.v[k];
    const level = x === y && Math.abs(p.s[k]) < Math.abs(q.s[k]);
    const from = level || first(x, y) || Number.isNaN(x) ? p : q;
    put(o, k, from.v[k], from.s[k], from.b[k]);
  }
}

function compare(p, q, o, n, holds) {
  for (let k = 0; k < n; k++) {
    const x = p.v[k], y = q.v[k];
    put(o, k, Number.isNaN(x) || Number.isNaN(y) ? NaN : Number(holds(x, y)), 0, 0);
  }
}

const composed = (f, bend) => (p, o, n) => {
  for (let k = 0; k < n; k++) {
    const x = p.v[k], ps = p.s[k];
    o.v[k] = f(x);
    const steep = slope;
    o.s[k] = times(steep, ps);
    o.b[k] = times(bend(x), ps * ps) + times(steep, p.b[k]);
  }
};

/* A text as a function, like those of functionOf: f(z) returns the value and leaves the slope in `slope`. Besides,
   f.fill(z, n, value, slopes, bends) does n numbers at once (slopes and bends may be null), f.cuts has where the
   text says that f or its slope may jump. Throws Mistake. */
function typed(text) {
  const { tape, result } = new Reader(text);
  const lines = tape.map(({ value }) => ({
    v: new Float64Array(BLOCK).fill(value ?? 0), s: new Float64Array(BLOCK), b: new Float64Array(BLOCK),
  }));
  lines[0].s.fill(1);
  const steps = tape.flatMap(({ fill, from }, i) => (fill ? [[fill, [...from, i].map((k) => lines[k])]] : []));
  const run = (n) => {
    for (const [fill, [p, q, r, o]] of steps) {
      if (o) fill(p, q, r, o, n);
      else if (r) fill(p, q, r, n);
      else fill(p, q, n);
    }
  };
  const out = lines[result];
  const f = (z) => {
    lines[0].v[0] = z;
    run(1);
    slope = out.s[0];
    return out.v[0];
  };
  f.fill = (z, n, value, slopes, bends) => {
    for (let at = 0; at < n; at += BLOCK) {
      const size = Math.min(BLOCK, n - at);
      for (let k = 0; k < size; k++) lines[0].v[k] = z[at + k];
      run(size);
      for (let k = 0; k < size; k++) {
        value[at + k] = out.v[k];
        if (slopes) slopes[at + k] = out.s[k];
        if (bends) bends[at + k] = out.b[k];
      }
    }
  };
  f.bend = (z) => {
    f(z);
    return out.b[0];
  };
  const switches = tape.flatMap(({ cuts, constant }) => (constant ? [] : cuts ?? []));
  f.cuts = cutsOf(switches.filter(([a, b]) => !(tape[a].constant && (b === null || tape[b].constant))), lines, run);
  f.operations = tape.length;
  return f;
}

/* Where one of these differences changes its sign, or is 0 at one of the places that are looked at. */
function cutsOf(switches, lines, run) {
  if (!switches.length) return [];
  const at = ([a, b, offset], k) => lines[a].v[k] - (b === null ? offset : lines[b].v[k]);
  const one = (way, z) => {
    lines[0].v[0] = z;
    run(1);
    return at(way, 0);
  };
  const far = [...Array(16).keys()].map((k) => 40 * 1.6 ** (k + 1));
  const near = [...Array(24).keys()].map((k) => 2 ** (-k - 6));
  const places = [...Array(40 * 32 + 1).keys()].map((k) => k / 32).concat(far, near);
  const grid = [...new Set([...places, ...places.map((z) => -z)])].sort((p, q) => p - q);
  const found = new Set();
  const before = switches.map(() => NaN);
  for (let from = 0; from < grid.length; from += BLOCK) {
    const n = Math.min(BLOCK, grid.length - from);
    const signs = [];
    for (let k = 0; k < n; k++) lines[0].v[k] = grid[from + k];
    run(n);
    for (const way of switches) signs.push(Float64Array.from({ length: n }, (_, k) => at(way, k)));
    switches.forEach((way, i) => {
      for (let k = 0; k < n; k++) {
        const here = signs[i][k];
        if (here === 0) found.add(grid[from + k] || 0);
        else if (before[i] * here < 0) {
          let [low, high] = [grid[from + k - 1], grid[from + k]];
          for (let middle; (middle = (low + high) / 2) > low && middle < high; ) {
            const value = one(way, middle);
            if (value === 0) low = high = middle;
            else if (value > 0 === here > 0) high = middle;
            else low = middle;
          }
          found.add((Math.abs(one(way, low)) < Math.abs(one(way, high)) ? low : high) || 0); // no −0
        }
        before[i] = here;
      }
    });
    if (found.size > 400) return []; // the quadrature then finds them by itself
  }
  return [...found].sort((p, q) => p - q);
}
