/* Every function of the catalog: an entry takes its settings and returns what makes of z two expressions of tape.js,
   value and slope, which share what is expensive. Tables that no part defines, such as CATALOG, are written by make.py,
   from the package. */

const SQRT_2_PI = Math.sqrt(2 * Math.PI);
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

const { FUNCTIONS, LOSSES, normal } = (() => {
const {
  abs, add, atan2, choose, clip, cos, divide, erfcx, exp, expm1, less, log1p, max, min, multiply, negative, sin, sqrt,
  subtract, tanhSlope, upTo,
} = ops;
const positive = (z) => less(0, z);
const half = (x) => multiply(0.5, x);
const square = (x) => multiply(x, x);
/* The highest power's coefficient first. */
const polynomial = (x, coefficients) => coefficients.reduce((sum, one) => add(multiply(x, sum), one));

// never the exp of a positive number
const softplus = (z) => add(max(z, 0), log1p(exp(negative(abs(z)))));

function logistic(z) {
  const e = exp(negative(abs(z)));
  const s = divide(1, add(1, e));
  const other = multiply(e, s); // s(-|z|); the slope is not s (1 - s): that is 0 once s rounds to 1
  return [choose(less(z, 0), other, s), multiply(other, s)];
}
const sigmoid = (z) => logistic(z)[0];

function hyperbolic(z) {
  const m = expm1(multiply(2, abs(z)));
  return [ops.tanh(m, z), tanhSlope(m, z)]; // the slope is not 1 - t^2, which cancels far out
}

const tanh = (z) => hyperbolic(z)[0];

const leaky = ({ negative_slope: a }) => (z) =>
  [choose(positive(z), z, multiply(a, z)), choose(positive(z), 1, a)];

/* scale times z, or times alpha (exp(z / bend) - 1) where z <= 0. */
const exponential = (scale, alpha, bend) => (z) => {
  const inner = min(divide(z, bend), 0);
  return [
    choose(positive(z), multiply(scale, z), multiply(scale * alpha, expm1(inner))),
    choose(positive(z), scale, multiply((scale * alpha) / bend, exp(inner))),
  ];
};

const swish = ({ beta }) => (z) => {
  const u = clip(multiply(beta, z), -1000, 1000);
  const [gate, steep] = logistic(u);
  return [multiply(z, gate), add(gate, multiply(u, steep))];
};

/* Of the standard normal distribution: the share below z, and the density without its constant. */
function normal(z) {
  const density = exp(multiply(half(negative(z)), z));
  const tail = half(multiply(erfcx(multiply(min(abs(z), 40), Math.SQRT1_2)), density));
  return [choose(less(z, 0), tail, subtract(1, tail)), density];
}

const FUNCTIONS = {
  identity: () => (z) => [z, 1],
  step: () => (z) => [upTo(0, z), 0],
  hardshrink: ({ threshold }) => (z) => {
    const outside = less(threshold, abs(z));
    return [choose(outside, z, 0), outside];
  },
  softshrink: ({ threshold }) => (z) => [subtract(z, clip(z, -threshold, threshold)), less(threshold, abs(z))],
  tanhshrink: () => (z) => {
    const [t, w] = [tanh(z), square(z)];
    // tanh z = z / (1 + r) with r = w / (3 + w / (5 + ... w / 15)), as one fraction: z - tanh z would cancel near 0
    const above = polynomial(w, [1, 594, 45045, 675675, 0]);
    const near = divide(multiply(z, above), polynomial(w, [1, 630, 51975, 945945, 2027025]));
    return [choose(less(abs(z), 0.5), near, subtract(z, t)), square(t)];
  },
  sigmoid: () => logistic,
  logsigmoid: () => (z) => [negative(softplus(negative(z))), sigmoid(negative(z))],
  hardsigmoid: () => (z) => [divide(clip(add(z, 3), 0, 6), 6), divide(less(abs(z), 3), 6)],
  tanh: () => hyperbolic,
  lecun_tanh: () => (z) => {
    const [t, steep] = hyperbolic(multiply(2 / 3, z));
    return [multiply(1.7159, t), multiply(1.7159 * (2 / 3), steep)];
  },
  hardtanh: ({ min_val, max_val }) => (z) => [clip(z, min_val, max_val), multiply(less(min_val, z), less(z, max_val))],
  penalized_tanh: () => (z) => {
    const share = choose(positive(z), 1, 0.25);
    return hyperbolic(z).map((one) => multiply(share, one));
  },
  softsign: () => (z) => {
    const r = divide(1, add(1, abs(z)));
    return [multiply(z, r), square(r)];
  },
  relu: () => (z) => [max(z, 0), positive(z)],
  leaky_relu: leaky,
  relu6: () => (z) => [clip(z, 0, 6), multiply(positive(z), less(z, 6))],
  relu_squared: () => (z) => [square(max(z, 0)), multiply(2, max(z, 0))],
  star_relu: ({ scale, bias }) => (z) =>
    [add(multiply(scale, square(max(z, 0))), bias), multiply(2 * scale, max(z, 0))],
  xielu: ({ alpha_p, alpha_n, beta }) => (z) => {
    const below = multiply(alpha_n, expm1(min(z, 0)));
    return [
      choose(positive(z), multiply(z, add(multiply(alpha_p, z), beta)), add(below, multiply(beta - alpha_n, z))),
      choose(positive(z), add(multiply(2 * alpha_p, z), beta), add(below, beta)),
    ];
  },
  prelu: leaky,
  rrelu: ({ lower, upper }) => leaky({ negative_slope: (lower + upper) / 2 }), // as it is outside of training
  apl: ({ a, b }) => (z) => {
    const below = b.map((hinge) => less(z, hinge));
    const tilt = a.reduce((sum, one, i) => add(sum, multiply(one, below[i])), 0);
    const height = a.reduce((sum, one, i) => add(sum, multiply(one * b[i], below[i])), 0);
    return [subtract(add(max(z, 0), height), multiply(tilt, z)), subtract(positive(z), tilt)];
  },
  threshold: ({ threshold }) => (z) => {
    const above = less(threshold, z);
    return [choose(above, z, 0), above];
  },
  elu: ({ alpha }) => exponential(1, alpha, 1),
  celu: ({ alpha }) => exponential(1, alpha, alpha),
  selu: () => exponential(1.0507009873554805, 1.6732632423543772, 1),
  softplus: ({ beta }) => (z) => {
    const u = multiply(beta, z);
    return [divide(softplus(u), beta), sigmoid(u)];
  },
  squareplus: ({ b }) => (z) => {
    const size = abs(z);
    // beyond, b is lost beside the square, which would overflow
    const root = half(choose(less(size, 1e100), sqrt(add(square(z), b)), size));
    const other = add(root, half(size));
    const value = choose(positive(z), other, divide(b / 4, other)); // where z and the root would cancel
    return [value, divide(value, multiply(2, root))];
  },
  sparse_plus: () => (z) => {
    const steep = half(add(clip(z, -1, 1), 1));
    return [choose(less(z, 1), square(steep), z), steep];
  },
  gelu: () => (z) => {
    const [cdf, density] = normal(z);
    return [multiply(z, cdf), add(cdf, divide(multiply(z, density), SQRT_2_PI))];
  },
  gelu_tanh: () => (z) => {
    const near = clip(z, -50, 50);
    const cubic = multiply(0.044715, multiply(square(near), near));
    const [gate, steep] = logistic(multiply(2 * SQRT_2_OVER_PI, add(near, cubic)));
    const inner = multiply(2 * SQRT_2_OVER_PI, add(1, multiply(3 * 0.044715, square(near))));
    return [multiply(z, gate), add(gate, multiply(multiply(near, inner), steep))];
  },
  golu: () => (z) => {
    const near = max(z, -50);
    const inner = exp(negative(near));
    const gate = exp(negative(inner));
    return [multiply(z, gate), multiply(gate, add(1, multiply(near, inner)))];
  },
  silu: () => swish({ beta: 1 }),
  mish: () => (z) => {
    const t = tanh(softplus(z));
    const left = multiply(subtract(1, t), add(1, t));
    return [multiply(z, t), add(t, multiply(multiply(min(z, 50), sigmoid(z)), left))];
  },
  hardswish: () => (z) => [
    divide(multiply(z, clip(add(z, 3), 0, 6)), 6),
    choose(less(abs(z), 3), divide(add(multiply(2, z), 3), 6), positive(z)),
  ],
  swish,
  xatlu: ({ alpha }) => (z) => {
    const near = clip(z, -1e9, 1e9);
    const beyond = subtract(z, near);
    const far = choose(positive(z), multiply(1 + alpha, beyond), multiply(-alpha, beyond));
    // of z and of -z, each so that it does not cancel where it is small
    const split = (small) => {
      const large = subtract(1, small);
      const [here, there] = [choose(less(z, 0), small, large), choose(less(z, 0), large, small)];
      return subtract(multiply(1 + alpha, here), multiply(alpha, there));
    };
    const angle = atan2(1, abs(near));
    const w = divide(1, add(1, square(z)));
    const part = multiply(abs(z), w);
    // of the slope of z (1/2 + atan(z) / pi) the small side: angle - part, but for Euler's series where that cancels
    let rest = 0;
    for (let n = 10; n > 0; n--) rest = multiply(multiply((2 * n) / (2 * n + 1), w), add(1, rest));
    const steep = choose(less(abs(z), 8), subtract(angle, part), multiply(part, rest));
    return [add(multiply(near, split(divide(angle, Math.PI))), far), split(divide(steep, Math.PI))];
  },
  sine: () => (z) => [sin(z), cos(z)],
  snake: ({ a }) => (z) => {
    const u = multiply(a, z);
    return [add(z, divide(square(sin(u)), a)), square(add(sin(u), cos(u)))];
  },
};

/* Of one logit and its label: the loss, and its slope; as train.losses. */
const LOSSES = {
  bce: (o, y) => [add(subtract(max(o, 0), multiply(o, y)), log1p(exp(negative(abs(o))))), subtract(sigmoid(o), y)],
  brier: (o, y) => {
    const [s, steep] = logistic(o);
    const off = subtract(s, y);
    return [square(off), multiply(multiply(2, off), steep)];
  },
  mse: (o, y) => {
    const off = subtract(o, y);
    return [square(off), multiply(2, off)];
  },
};

return { FUNCTIONS, LOSSES, normal };
})();

const OWN = { title: "Your own", settings: {}, ends: {}, kinks: [], color: "#9b62c8", dash: [] };
/* What the lab shows of a function: that of the catalog, or a typed-in one. */
const entryOf = (name) => (name === "own" ? OWN : CATALOG[name]);

/* f of that name; settings that are not given are the catalog's. One that is typed in is named "own", and its setting
   is its text. */
function functionOf(name, settings = {}) {
  if (name === "own") return typed(settings.text);
  if (!Object.hasOwn(FUNCTIONS, name)) throw new RangeError(`no activation named ${name}`);
  return asFunction(FUNCTIONS[name]({ ...CATALOG[name].settings, ...settings })(Z));
}

/* The kinks with these settings: where the quadrature is cut. */
function kinksOf(name, { threshold, min_val, max_val, b, text } = {}) {
  if (name === "own") return typed(text).cuts;
  if (name === "hardtanh") return [min_val, max_val];
  const own = { hardshrink: [-threshold, threshold], softshrink: [-threshold, threshold], threshold: [threshold] };
  if (name === "apl") return [0, ...b];
  return own[name] ?? CATALOG[name].kinks;
}

/* What weights have to be multiplied with for the function to keep the mean square 1; NaN where there is none. */
const gainOf = (name, settings) => new Theory(name, settings).moments.gain;
