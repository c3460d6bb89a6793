/* Every function of the catalog: value and slope from one call, since they share what is expensive.

   An entry takes its settings and returns f; f(z) returns the value and leaves the slope in `slope`. Tables that no
   part defines, such as CATALOG, are written by make.py, from the package. */

let slope = 0;

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
// never the exp of a positive number
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const clip = (z, low, high) => (z < low ? low : z > high ? high : z);
const SQRT_2_PI = Math.sqrt(2 * Math.PI);
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

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

/* The sigmoid, and its slope in `slope`, from one exp. */
function logistic(z) {
  const e = Math.exp(-Math.abs(z));
  const s = 1 / (1 + e);
  slope = e * s * s; // s(z) s(-z), not s (1 - s): that is 0 once s rounds to 1
  return z < 0 ? e * s : s;
}

/* Tanh, and its slope in `slope`, from one exp. */
function hyperbolic(z) {
  const size = Math.abs(z);
  if (size < 0.5) {
    const t = Math.tanh(z); // what is below would cancel here
    slope = 1 - t * t; // and this would far out
    return t;
  }
  const e = Math.exp(-2 * size);
  const r = 1 / (1 + e);
  slope = 4 * e * r * r;
  return z < 0 ? (e - 1) * r : (1 - e) * r;
}

const leaky = ({ negative_slope: a }) => (z) => {
  if (z > 0) return (slope = 1, z);
  slope = a;
  return a * z;
};

/* scale times z, or times alpha (exp(z / bend) - 1) where z <= 0. */
const exponential = (scale, alpha, bend) => (z) => {
  if (z > 0) return (slope = scale, scale * z);
  slope = (scale * alpha / bend) * Math.exp(z / bend);
  return scale * alpha * Math.expm1(z / bend);
};

const swish = ({ beta }) => (z) => {
  const u = clip(beta * z, -1000, 1000);
  const gate = logistic(u);
  slope = gate + u * slope;
  return z * gate;
};

/* z g(z) with g = 1/2 + atan(z) / pi: its slope for z < -2, where two terms cancel but for Euler's series. */
function atluTail(z) {
  const t = 1 / z;
  const w = (t * t) / (1 + t * t);
  let rest = 0;
  for (let n = 26; n > 0; n--) rest = ((2 * n) / (2 * n + 1)) * w * (1 + rest);
  return ((-t / (1 + t * t)) * rest) / Math.PI;
}
function atluSlope(z) {
  if (z < -2) return atluTail(z);
  if (z > 2) return 1 - atluTail(-z);
  return 0.5 + (Math.atan(z) + z / (1 + z * z)) / Math.PI;
}

function tanhshrink(z) {
  if (Math.abs(z) >= 1) return z - Math.tanh(z);
  let r = 0; // tanh z = z / (1 + r), a continued fraction
  for (let odd = 19; odd > 1; odd -= 2) r = (z * z) / (odd + r);
  return (z * r) / (1 + r);
}

const FUNCTIONS = {
  identity: () => (z) => (slope = 1, z),
  step: () => (z) => (slope = 0, z >= 0 ? 1 : 0),
  hardshrink: ({ threshold }) => (z) => {
    slope = Math.abs(z) > threshold ? 1 : 0;
    return slope ? z : 0;
  },
  softshrink: ({ threshold }) => (z) => {
    slope = Math.abs(z) > threshold ? 1 : 0;
    return z - clip(z, -threshold, threshold);
  },
  tanhshrink: () => (z) => {
    const t = Math.tanh(z);
    slope = t * t;
    return tanhshrink(z);
  },
  sigmoid: () => logistic,
  logsigmoid: () => (z) => {
    slope = sigmoid(-z);
    return -softplus(-z);
  },
  hardsigmoid: () => (z) => {
    slope = Math.abs(z) < 3 ? 1 / 6 : 0;
    return clip(z + 3, 0, 6) / 6;
  },
  tanh: () => hyperbolic,
  lecun_tanh: () => (z) => {
    const t = hyperbolic(z * (2 / 3));
    slope *= 1.7159 * (2 / 3);
    return 1.7159 * t;
  },
  hardtanh: ({ min_val, max_val }) => (z) => {
    slope = min_val < z && z < max_val ? 1 : 0;
    return clip(z, min_val, max_val);
  },
  penalized_tanh: () => (z) => {
    const share = z > 0 ? 1 : 0.25;
    const t = hyperbolic(z);
    slope *= share;
    return share * t;
  },
  softsign: () => (z) => {
    const r = 1 / (1 + Math.abs(z));
    slope = r * r;
    return z * r;
  },
  relu: () => (z) => (z > 0 ? (slope = 1, z) : (slope = 0)),
  leaky_relu: leaky,
  relu6: () => (z) => {
    slope = z > 0 && z < 6 ? 1 : 0;
    return clip(z, 0, 6);
  },
  relu_squared: () => (z) => {
    const above = z > 0 ? z : 0;
    slope = 2 * above;
    return above * above;
  },
  star_relu: ({ scale, bias }) => (z) => {
    const above = z > 0 ? z : 0;
    slope = 2 * scale * above;
    return scale * above * above + bias;
  },
  xielu: ({ alpha_p, alpha_n, beta }) => (z) => {
    if (z > 0) {
      slope = 2 * alpha_p * z + beta;
      return z * (alpha_p * z + beta);
    }
    const below = Math.expm1(z);
    slope = alpha_n * below + beta;
    return alpha_n * below + (beta - alpha_n) * z;
  },
  prelu: leaky,
  rrelu: ({ lower, upper }) => leaky({ negative_slope: (lower + upper) / 2 }), // as it is outside of training
  apl: ({ a, b }) => (z) => {
    let tilt = 0;
    let height = 0;
    for (let i = 0; i < a.length; i++) {
      if (z < b[i]) {
        tilt += a[i];
        height += a[i] * b[i];
      }
    }
    slope = (z > 0 ? 1 : 0) - tilt;
    return (z > 0 ? z : 0) + height - tilt * z;
  },
  threshold: ({ threshold }) => (z) => (z > threshold ? (slope = 1, z) : (slope = 0)),
  elu: ({ alpha }) => exponential(1, alpha, 1),
  celu: ({ alpha }) => exponential(1, alpha, alpha),
  selu: () => exponential(1.0507009873554805, 1.6732632423543772, 1),
  softplus: ({ beta }) => (z) => {
    slope = sigmoid(beta * z);
    return softplus(beta * z) / beta;
  },
  squareplus: ({ b }) => (z) => {
    const root = Math.hypot(z, Math.sqrt(b)) / 2;
    const value = z > 0 ? root + z / 2 : b / 4 / (root - z / 2); // where z and the root would cancel
    slope = value / (2 * root);
    return value;
  },
  sparse_plus: () => (z) => {
    const half = (clip(z, -1, 1) + 1) / 2;
    slope = half;
    return z < 1 ? half * half : z;
  },
  gelu: () => (z) => {
    const density = Math.exp((-z * z) / 2);
    const tail = z > 9 ? 0 : (erfcx(Math.abs(z) * Math.SQRT1_2) * density) / 2; // there 1 is all that is left
    const cdf = z < 0 ? tail : 1 - tail;
    slope = cdf + (z * density) / SQRT_2_PI;
    return z * cdf;
  },
  gelu_tanh: () => (z) => {
    const near = clip(z, -50, 50);
    const gate = logistic(2 * SQRT_2_OVER_PI * (near + 0.044715 * near * near * near));
    slope = gate + 2 * near * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * near * near) * slope;
    return z * gate;
  },
  golu: () => (z) => {
    const inner = Math.exp(-Math.max(z, -50));
    const gate = Math.exp(-inner);
    slope = gate * (1 + Math.max(z, -50) * inner);
    return z * gate;
  },
  silu: () => swish({ beta: 1 }),
  mish: () => (z) => {
    const t = Math.tanh(softplus(z));
    slope = t + Math.min(z, 50) * sigmoid(z) * (1 - t) * (1 + t);
    return z * t;
  },
  hardswish: () => (z) => {
    slope = Math.abs(z) < 3 ? (2 * z + 3) / 6 : z > 0 ? 1 : 0;
    return (z * clip(z + 3, 0, 6)) / 6;
  },
  swish,
  xatlu: ({ alpha }) => (z) => {
    const near = clip(z, -1e9, 1e9);
    const gate = Math.atan2(1, -near) / Math.PI; // each so that it does not cancel where it is small
    const rest = Math.atan2(1, near) / Math.PI;
    const far = z > 0 ? (1 + alpha) * (z - near) : alpha * (near - z);
    slope = (1 + alpha) * atluSlope(z) - alpha * atluSlope(-z);
    return near * ((1 + alpha) * gate - alpha * rest) + far;
  },
  sine: () => (z) => {
    slope = Math.cos(z);
    return Math.sin(z);
  },
  snake: ({ a }) => (z) => {
    const sine = Math.sin(a * z);
    const both = sine + Math.cos(a * z);
    slope = both * both;
    return z + (sine * sine) / a;
  },
};

const OWN = { title: "Your own", settings: {}, ends: {}, kinks: [], color: "#9b62c8", dash: [] };
/* What the lab shows of a function: that of the catalog, or a typed-in one. */
const entryOf = (name) => (name === "own" ? OWN : CATALOG[name]);

/* f of that name; settings that are not given are the catalog's. One that is typed in is named "own", and its setting
   is its text. */
function functionOf(name, settings = {}) {
  if (name === "own") return typed(settings.text);
  if (!Object.hasOwn(FUNCTIONS, name)) throw new RangeError(`no activation named ${name}`);
  return FUNCTIONS[name]({ ...CATALOG[name].settings, ...settings });
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
