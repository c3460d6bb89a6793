/* Functions that a reader types in: a text becomes expressions of tape.js, by whitelist and without eval.

   Each operation of the text carries a jet {v, s, b}: expressions of its value, slope and second derivative. A text of
   LONGEST characters has about as many operations at most, since each is written with at least one of them. */

const LONGEST = 200; // characters
const DEEPEST = 60; // parentheses, signs and powers within one another

/* What is wrong with a text, and from which character on, the first being 1. */
class Mistake extends Error {
  constructor(words, at) {
    super(`Character ${at}: ${words}`);
    this.at = at;
  }
}

const SQRT_PI = Math.sqrt(Math.PI);
const isNumber = (jet) => typeof jet.v === "number";

/* Functions of one number besides those of the catalog: value, slope, second derivative. */
const ELEMENTARY = (() => {
  const {
    abs, add, atan, choose, cos, cosh, divide, erf, exp, expm1, less, log, log1p, multiply, negative, sign, sin, sinh,
    sqrt, times,
  } = ops;
  const square = (x) => multiply(x, x);
  return {
    abs: (x) => [abs(x), sign(x), 0],
    sign: (x) => [sign(x), 0, 0],
    exp: (x) => [exp(x), exp(x), exp(x)],
    expm1: (x) => [expm1(x), exp(x), exp(x)],
    log: (x) => [log(x), choose(less(x, 0), NaN, divide(1, x)), divide(-1, square(x))],
    log1p: (x) => [log1p(x), choose(less(x, -1), NaN, divide(1, add(1, x))), divide(-1, square(add(1, x)))],
    sqrt: (x) => [sqrt(x), divide(0.5, sqrt(x)), divide(-0.25, multiply(x, sqrt(x)))],
    sin: (x) => [sin(x), cos(x), negative(sin(x))],
    cos: (x) => [cos(x), negative(sin(x)), negative(cos(x))],
    sinh: (x) => [sinh(x), cosh(x), sinh(x)],
    cosh: (x) => [cosh(x), sinh(x), cosh(x)],
    atan: (x) => {
      const steep = divide(1, add(1, square(x)));
      return [atan(x), steep, multiply(multiply(-2, x), square(steep))];
    },
    erf: (x) => {
      const density = exp(multiply(negative(x), x));
      return [erf(x), multiply(2 / SQRT_PI, density), multiply(-4 / SQRT_PI, times(density, x))];
    },
    Phi: (x) => {
      const [cdf, bell] = normal(x);
      const density = divide(bell, SQRT_2_PI);
      return [cdf, density, negative(times(density, x))];
    },
  };
})();
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

/* Reads a text by recursive descent. `switches` has what jumps or bends where two expressions are equal. */
class Reader {
  constructor(text) {
    this.words = wordsOf(text);
    this.next = 0;
    this.depth = 0;
    this.operations = 0;
    this.switches = [];
    this.variable = { v: Z, s: 1, b: 0 };
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

  constant(value) {
    this.operations++;
    return { v: value, s: 0, b: 0 };
  }

  operate(name, ...from) {
    this.operations++;
    const [a, b] = from;
    if (name === "/" || (name === "^" && isNumber(b))) this.switchesAt(name === "/" ? b : a, 0);
    if (["max", "min", "<", "<="].includes(name)) this.switchesAt(a, b.v);
    return JETS[name](...from);
  }

  switchesAt(jet, at) {
    if (!isNumber(jet) || typeof at !== "number") this.switches.push([jet.v, at]);
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
    if (Object.hasOwn(JETS, name)) return this.operate(name, ...from);
    const [inner] = from;
    const own = !Object.hasOwn(ELEMENTARY, name);
    const kinks = own
      ? kinksOf(name, CATALOG[name].settings)
      : ["abs", "sign", "log", "sqrt"].includes(name) ? [0] : name === "log1p" ? [-1] : [];
    kinks.forEach((kink) => this.switchesAt(inner, kink));
    this.operations++;
    if (!own) return composed(ELEMENTARY[name](inner.v), inner);
    const bent = isNumber(inner) ? 0 : ops.call(bendOf(name), inner.v);
    return composed([...FUNCTIONS[name](CATALOG[name].settings)(inner.v), bent], inner);
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

const JETS = (() => {
  const { abs, add, choose, divide, less, log, multiply, pow, subtract, times, upTo } = ops;
  const square = (x) => multiply(x, x);
  const twice = (x) => multiply(2, x);

  const chosen = (which, p, q) => {
    const [v, s, b] = ["v", "s", "b"].map((key) => choose(which, p[key], q[key]));
    return { v, s, b };
  };
  /* Where both are equal, the one that is less steep: max(z, 0) has slope 0 at 0, as relu has. */
  const pick = (p, q, lower, upper) =>
    chosen(choose(less(lower.v, upper.v), 1, times(upTo(lower.v, upper.v), less(abs(p.s), abs(q.s)))), p, q);

  /* With an exponent that is one number. */
  const power = (p, y) => {
    const raised = (n) => (n === 0 ? 1 : n === 1 ? p.v : n === 2 ? square(p.v) : n === 3 ? multiply(square(p.v), p.v)
      : pow(p.v, n));
    const first = times(y, raised(y - 1));
    return {
      v: raised(y),
      s: times(first, p.s),
      b: add(times(times(y * (y - 1), raised(y - 2)), square(p.s)), times(first, p.b)),
    };
  };

  return {
    "+": (p, q) => ({ v: add(p.v, q.v), s: add(p.s, q.s), b: add(p.b, q.b) }),
    "-": (p, q) => ({ v: subtract(p.v, q.v), s: subtract(p.s, q.s), b: subtract(p.b, q.b) }),
    negative: (p) => ({ v: multiply(-1, p.v), s: multiply(-1, p.s), b: multiply(-1, p.b) }),
    "*": (p, q) => ({
      v: multiply(p.v, q.v),
      s: add(times(p.s, q.v), times(p.v, q.s)),
      b: add(add(times(p.b, q.v), twice(times(p.s, q.s))), times(p.v, q.b)),
    }),
    "/": (p, q) => {
      const v = divide(p.v, q.v);
      const s = divide(subtract(p.s, times(v, q.s)), q.v);
      return { v, s, b: divide(subtract(subtract(p.b, twice(times(s, q.s))), times(v, q.b)), q.v) };
    },
    "^": (p, q) => {
      if (isNumber(q)) return power(p, q.v);
      const v = pow(p.v, q.v);
      const grows = add(times(q.s, log(p.v)), times(q.v, divide(p.s, p.v)));
      const rate = divide(p.s, p.v);
      const bends = add(add(times(q.b, log(p.v)), twice(times(q.s, rate))),
        times(q.v, subtract(divide(p.b, p.v), square(rate))));
      return { v, s: times(v, grows), b: times(v, add(square(grows), bends)) };
    },
    max: (p, q) => pick(p, q, q, p),
    min: (p, q) => pick(p, q, p, q),
    "<": (p, q) => ({ v: less(p.v, q.v), s: 0, b: 0 }),
    "<=": (p, q) => ({ v: upTo(p.v, q.v), s: 0, b: 0 }),
    where: (c, p, q) => chosen(c.v, p, q),
  };
})();

/* A function of what a jet says, by the chain rule. */
const composed = ([v, s, b], p) => ({
  v, s: ops.times(s, p.s), b: ops.add(ops.times(b, ops.multiply(p.s, p.s)), ops.times(s, p.b)),
});

/* A text as a function, like those of functionOf. Besides, f.cuts has where the text says that f or its slope may jump.
   Throws Mistake. */
function typed(text) {
  const { result: { v, s, b }, switches, operations } = new Reader(text);
  const f = asFunction([v, s, b]);
  f.bend = (z) => {
    at[0] = z;
    f.all.run([at, value, steep, bent], 1);
    return bent[0];
  };
  const [at, value, steep, bent] = [0, 0, 0, 0].map(() => new Float64Array(1));
  f.cuts = cutsOf(switches);
  f.operations = operations;
  return f;
}

/* Where one of these differences changes its sign, or is 0 at one of the places that are looked at. */
function cutsOf(switches) {
  if (!switches.length) return [];
  const apart = new Tape(switches.map(([one, other]) => ops.subtract(one, other)));
  const differences = (z, n) => {
    const found = switches.map(() => new Float64Array(n));
    apart.run([z, ...found], n);
    return found;
  };
  const one = (i, z) => differences(Float64Array.of(z), 1)[i][0];
  const far = [...Array(16).keys()].map((k) => 40 * 1.6 ** (k + 1));
  const near = [...Array(24).keys()].map((k) => 2 ** (-k - 6));
  const places = [...Array(40 * 32 + 1).keys()].map((k) => k / 32).concat(far, near);
  const grid = Float64Array.from(new Set([...places, ...places.map((z) => -z)])).sort();
  const found = new Set();
  const before = switches.map(() => NaN);
  for (let from = 0; from < grid.length; from += BLOCK) {
    const n = Math.min(BLOCK, grid.length - from);
    const signs = differences(grid.slice(from, from + n), n);
    switches.forEach((_, i) => {
      for (let k = 0; k < n; k++) {
        const here = signs[i][k];
        if (here === 0) found.add(grid[from + k] || 0);
        else if (before[i] * here < 0) {
          let [low, high] = [grid[from + k - 1], grid[from + k]];
          for (let middle; (middle = (low + high) / 2) > low && middle < high; ) {
            const value = one(i, middle);
            if (value === 0) low = high = middle;
            else if (value > 0 === here > 0) high = middle;
            else low = middle;
          }
          found.add((Math.abs(one(i, low)) < Math.abs(one(i, high)) ? low : high) || 0); // no −0
        }
        before[i] = here;
      }
    });
    if (found.size > 400) return []; // the quadrature then finds them by itself
  }
  return [...found].sort((p, q) => p - q);
}
