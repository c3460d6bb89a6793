/* What the package's theory computes of a function, computed here: moments, the variance map, the edge of chaos, 50
   layers, and where formats end. A typed-in function may have no moment at all: then NaN, never a number. */

const REACH = 38.5; // the normal density is below 1e-321 from here on
const PANELS = 20000; // how many may be looked at
const HALVINGS = 200; // of one panel; what still changes then has no limit that could be told
const EDGES = (() => {
  const right = [...Array(12).keys()].map((k) => 4 ** (k - 12)).concat([0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, REACH]);
  return [...right.map((z) => -z).reverse(), 0, ...right];
})();

/* E g(scale z) for z ~ N(0, 1), by 16 nodes a panel against 16 on each of its halves, halved until both agree. g(z, n)
   returns arrays of n values, and so do the means come. NaN where g is no number, where halving does not settle (1/z),
   or where g grows as fast as the normal density falls (exp(z^2)); Infinity where g is too large for a number. Of
   several g one that fails takes the others along. */
function expectations(g, scale, kinks) {
  if (scale === 0) return g(new Float64Array(1), 1).map(([value]) => value);
  const at = kinks.map((kink) => clip(kink / scale, -REACH, REACH));
  const edges = [...EDGES, ...at].sort((p, q) => p - q);
  const z = new Float64Array(BLOCK);
  const weight = new Float64Array(BLOCK);
  const count = g(z, 1).length;
  let lost = false, huge = false, looked = 0;

  /* The integrals over each panel, and those of |g|: the first panel's, then the second's. */
  const over = (left, right) => {
    const part = new Float64Array(left.length * count);
    const size = new Float64Array(left.length * count);
    const nodes = NODES.length;
    const fit = BLOCK / nodes;
    for (let from = 0; from < left.length; from += fit) {
      const panels = Math.min(fit, left.length - from);
      for (let i = 0; i < panels; i++) {
        const half = (right[from + i] - left[from + i]) / 2;
        const middle = (right[from + i] + left[from + i]) / 2;
        for (let k = 0; k < nodes; k++) {
          const place = middle + half * NODES[k];
          z[i * nodes + k] = scale * place;
          weight[i * nodes + k] = (half * WEIGHTS[k] * Math.exp((-place * place) / 2)) / SQRT_2_PI;
        }
      }
      g(z, panels * nodes).forEach((values, which) => {
        for (let i = 0; i < panels; i++) {
          let sum = 0, sizes = 0;
          for (let k = i * nodes; k < (i + 1) * nodes; k++) {
            const value = weight[k] * values[k];
            sum += value;
            sizes += Math.abs(value);
          }
          // 0 times an infinite one is no number, but too large
          if (!Number.isFinite(sizes)) {
            if (values.subarray(i * nodes, (i + 1) * nodes).some(Number.isNaN)) lost = true;
            else huge = true;
          }
          part[(from + i) * count + which] = sum;
          size[(from + i) * count + which] = sizes;
        }
      });
    }
    looked += left.length;
    return [part, size];
  };

  const wide = edges.slice(1).map((z, i) => [edges[i], z]).filter(([from, to]) => from < to);
  let [left, right] = [wide.map(([from]) => from), wide.map(([, to]) => to)];
  let [whole] = over(left, right);
  const sum = new Float64Array(count);
  const total = new Float64Array(count);
  const failed = (value) => Array(count).fill(value);
  for (let depth = 0; left.length; depth++) {
    const middle = left.map((z, i) => (z + right[i]) / 2);
    const [lower, lowerSize] = over(left, middle);
    const [upper, upperSize] = over(middle, right);
    if (lost) return failed(NaN);
    if (huge) return failed(Infinity);
    const scope = total.slice();
    lowerSize.forEach((size, i) => { scope[i % count] += size + upperSize[i]; });
    const [nextLeft, nextRight, nextWhole] = [[], [], []];
    for (let i = 0; i < left.length; i++) {
      const thin = middle[i] <= left[i] || middle[i] >= right[i];
      let settled = true, rough = false;
      for (let j = i * count, which = 0; which < count; j++, which++) {
        const off = Math.abs(lower[j] + upper[j] - whole[j]);
        if (off > 1e-15 * scope[which] + 1e-300) settled = false;
        if (off > 1e-12 * scope[which]) rough = true;
      }
      if (settled || (thin && !rough)) {
        for (let j = i * count, which = 0; which < count; j++, which++) {
          sum[which] += lower[j] + upper[j];
          total[which] += lowerSize[j] + upperSize[j];
        }
      } else if (thin || depth === HALVINGS) {
        return failed(NaN);
      } else {
        nextLeft.push(left[i], middle[i]);
        nextRight.push(middle[i], right[i]);
        nextWhole.push(...lower.subarray(i * count, (i + 1) * count), ...upper.subarray(i * count, (i + 1) * count));
      }
    }
    if (looked > PANELS) return failed(NaN);
    [left, right, whole] = [nextLeft, nextRight, nextWhole];
  }
  z.set([-REACH * scale, REACH * scale]);
  const density = (REACH * Math.exp((-REACH * REACH) / 2)) / SQRT_2_PI;
  const beyond = g(z, 2).map(([low, high]) => Math.max(Math.abs(low), Math.abs(high)) * density);
  return [...sum].map((value, which) => (beyond[which] > 1e-10 * total[which] ? NaN : value));
}

/* The neighbouring float64 number, up or down. */
function neighbour(z, up) {
  if (z === 0) return up ? Number.MIN_VALUE : -Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([z]).buffer);
  bits[0] += z > 0 === up ? 1n : -1n;
  return new Float64Array(bits.buffer)[0];
}
const beside = (z) => [neighbour(z, false), neighbour(z, true)];

const SCAN = [...Array(97).keys()].map((k) => 10 ** ((k - 48) / 8)); // mean squares, 1 among them
const SAME = 1e-12; // two numbers from quadrature that differ by less, in parts of their size, count as one
const signChanges = (values) => values.slice(1).flatMap((v, i) => (values[i] * v < 0 ? [i] : []));

/* Where h, of opposite signs at low and high, is 0: Ridders' method, which never leaves the bracket. */
function rootOf(h, low, high) {
  let atLow = h(low), atHigh = h(high), last = Infinity;
  for (let turn = 0; turn < 200; turn++) {
    const middle = (low + high) / 2;
    const atMiddle = h(middle);
    const bend = Math.sqrt(atMiddle ** 2 - atLow * atHigh);
    if (bend === 0) return middle;
    const guess = middle + ((middle - low) * Math.sign(atLow - atHigh) * atMiddle) / bend;
    const atGuess = h(guess);
    if (atGuess === 0 || Math.abs(guess - last) <= 2 ** -52 * Math.abs(guess)) return guess;
    if (!(low < middle && middle < high)) return guess;
    last = guess;
    const points = [[low, atLow], [middle, atMiddle], [guess, atGuess], [high, atHigh]].sort((p, q) => p[0] - q[0]);
    const from = points.findIndex(([, v], i) => i < 3 && v < 0 !== points[i + 1][1] < 0);
    if (from < 0) return guess;
    [[low, atLow], [high, atHigh]] = points.slice(from, from + 2);
  }
  return last;
}

const SQUARE = (z, value) => value * value;
const SLOPE_SQUARE = (z, value, steep) => steep * steep;

/* A function with its theory. Mean squares are of a normal signal with mean 0; gains multiply LeCun's weights. */
class Theory {
  constructor(name, settings = {}) {
    const full = { ...entryOf(name).settings, ...settings };
    this.f = functionOf(name, full);
    this.bend = this.f.bend ?? bendOf(name, full);
    this.cuts = kinksOf(name, full);
    this.lines = [0, 1].map(() => new Float64Array(BLOCK));
    this.scanned = [[], []];
    this.breaks = this.cuts.map((z) => this.breakAt(z)).filter(Boolean);
    this.jumps = this.breaks.filter(({ kind }) => kind === "jump");
  }

  /* What happens at a place where f or its slope may jump; null if nothing does. */
  breakAt(z) {
    // a text may have rounded the last bits away
    const step = 2 ** -48 * Math.max(1, Math.abs(z));
    const [[below, slopeBelow], [above, slopeAbove]] = [z - step, z + step].map((one) => this.both(one));
    if (!Number.isFinite(this.f(z)) || !(Math.abs(below) < 1e12 && Math.abs(above) < 1e12)) return { z, kind: "pole" };
    const apart = (p, q) => Math.abs(p - q) > 1e-9 * (1 + Math.abs(p) + Math.abs(q)) || Number.isNaN(p - q);
    if (apart(below, above)) return { z, kind: "jump", below, above };
    return apart(slopeBelow, slopeAbove) ? { z, kind: "kink" } : null;
  }

  both(z) {
    const value = this.f(z);
    return [value, slope];
  }

  fill(z, n) {
    const [value, slopes] = this.lines;
    this.f.fill(z, n, value, slopes);
    return [value, slopes];
  }

  /* E of each of what is made of place, value and slope, for a signal of mean square q. */
  means(made, q) {
    const out = made.map(() => new Float64Array(BLOCK));
    const g = (z, n) => {
      const [value, slopes] = this.fill(z, n);
      made.forEach((one, which) => {
        const line = out[which];
        for (let k = 0; k < n; k++) line[k] = one(z[k], value[k], slopes[k]);
      });
      return out;
    };
    return expectations(g, Math.sqrt(q), this.cuts);
  }

  second(q) {
    return this.means([SQUARE], q)[0];
  }

  slopeSecond(q) {
    return this.means([SLOPE_SQUARE], q)[0];
  }

  /* E f^2 and E f'^2: both at once, unless one of them is not to be had. */
  squares(q) {
    const found = this.means([SQUARE, SLOPE_SQUARE], q);
    return found.every(Number.isFinite) ? found : [this.second(q), this.slopeSecond(q)];
  }

  /* E f, E f^2, E f'^2 of a signal of mean square 1, and the gains they give. */
  get moments() {
    if (this.known) return this.known;
    const [mean] = this.means([(z, value) => value], 1);
    const [second, slopeSecond] = this.squares(1);
    const overRoot = (square) => (Number.isFinite(square) ? 1 / Math.sqrt(square) : NaN);
    const [gain, backwardGain] = [overRoot(second), overRoot(slopeSecond)];
    return (this.known = { mean, second, slopeSecond, gain, backwardGain, chi: slopeSecond / second });
  }

  /* d/dq of E f(sqrt(q) z)^2. */
  secondSlope(q) {
    if (q === 0) return this.secondSlopeAtZero();
    let sum = this.means([(x, value, steep) => value * steep * x], q)[0] / q;
    for (const { z, below, above } of this.jumps) {
      // the mass beyond the jump moves with q, and takes the difference of the squares with it
      sum += ((above ** 2 - below ** 2) * Math.exp((-z * z) / (2 * q)) * z) / (2 * q ** 1.5) / SQRT_2_PI;
    }
    return sum;
  }

  secondSlopeAtZero() {
    const sides = beside(0).map((z) => [...this.both(z), this.bend(z)]);
    const [below, above] = sides.map(([value, steep]) => value * steep);
    if (Math.abs(above - below) > 1e-12) return Math.sign(above - below) * Infinity;
    return sides.reduce((sum, [value, steep, bent]) => sum + (steep ** 2 + value * bent) / 2, 0);
  }

  /* E f^2 and E f'^2 at the mean squares of the scan. */
  get scan() {
    for (let i = this.scanned[0].length; i < SCAN.length; i++) this.scanNext();
    return this.scanned;
  }

  /* One mean square more; whether there are further ones. */
  scanNext() {
    const q = SCAN[this.scanned[0].length];
    if (q !== undefined) this.squares(q).forEach((found, i) => this.scanned[i].push(found));
    return this.scanned[0].length < SCAN.length;
  }

  get passesThroughZero() {
    return [...beside(0), 0].every((z) => Math.abs(this.f(z)) <= 1e-300);
  }

  /* Where V(q) = q, in ascending order, each with the slope of V there and whether it attracts; as the package's. */
  fixedPoints(gain) {
    const squared = gain ** 2;
    const growth = this.scan[0].map((second, i) => {
      const grows = Math.log((squared * second) / SCAN[i]);
      return Math.abs(grows) <= SAME ? 0 : grows;
    });
    let spans = [];
    growth.forEach((grows, i) => {
      if (grows !== 0) return;
      if (growth[i - 1] === 0) spans.at(-1)[1] = SCAN[i];
      else spans.push([SCAN[i], SCAN[i]]);
    });
    for (const i of signChanges(growth)) {
      const q = rootOf((at) => (squared * this.second(at)) / at - 1, SCAN[i], SCAN[i + 1]);
      spans.push([q, q]);
    }
    spans.sort((p, q) => p[0] - q[0]);
    if (this.passesThroughZero) {
      if (growth[0] === 0) spans = [[0, spans[0][1]], ...spans.slice(1)];
      else spans.unshift([0, 0]);
    }
    if (growth.at(-1) === 0) spans.at(-1)[1] = Infinity;
    return spans.map(([low, high]) => {
      const q = Math.min(Math.max(1, low), high);
      const steep = squared * this.secondSlope(q);
      const stability = Math.abs(steep - 1) <= 1e-9 ? "neutral" : steep < 1 ? "stable" : "unstable";
      return { q, slope: steep, stability, span: [low, high] };
    });
  }

  /* The fixed point that a signal of mean square 1 runs to; null where it grows without end or does not settle. */
  fixedPoint(gain) {
    const points = this.fixedPoints(gain);
    const here = points.find(({ span: [low, high] }) => low <= 1 && 1 <= high);
    if (here) return here;
    const [second] = this.scan;
    if (second.every((v, i) => i === 0 || v - second[i - 1] >= -SAME * v)) {
      const up = gain ** 2 * this.second(1) > 1;
      const ahead = points.filter(({ q }) => q > 1 === up);
      return (up ? ahead[0] : ahead.at(-1)) ?? null;
    }
    let q = 1;
    for (let layer = 0; layer < 1000 && Number.isFinite(q); layer++) {
      q = gain ** 2 * this.second(q);
      const near = points.find((point) => {
        const close = Math.abs(q - point.q) <= Math.max(1e-9 * Math.max(q, point.q), 1e-12);
        return Number.isFinite(q) && close && point.stability !== "unstable";
      });
      if (near) return near;
    }
    return null;
  }

  /* The gain and mean square at which a signal rests and a gradient keeps its size; as the package's edge_of_chaos. */
  edgeOfChaos() {
    const asked = SCAN.map((q, i) => [q, this.scan[0][i], this.scan[1][i]])
      .filter(([q, second, steep]) => q >= 0.99e-4 && q <= 1.01e4 && second > 0 && steep > 0);
    if (!asked.length) return null;
    const excess = asked.map(([q, second, steep]) => {
      const value = Math.log((q * steep) / second);
      return Math.abs(value) <= SAME ? 0 : value;
    });
    if (excess.every((v) => v === 0)) return { gain: this.moments.gain, q: null, kind: "every q" };
    for (const i of signChanges(excess)) {
      const h = (q) => (q * this.slopeSecond(q)) / this.second(q) - 1;
      const q = rootOf(h, asked[i][0], asked[i + 1][0]);
      return { gain: Math.sqrt(q / this.second(q)), q, kind: "point" };
    }
    const atZero = this.secondSlopeAtZero();
    if (!this.passesThroughZero || !(atZero > 0)) return null;
    const growth = asked.map(([q, second]) => Math.log(second / q / atZero)).find((v) => Math.abs(v) > SAME);
    return growth < 0 ? { gain: 1 / Math.sqrt(atZero), q: 0, kind: "limit q -> 0" } : null;
  }

  /* Mean squares at a gain: of the pre-activations of `depth` layers above one of 1, and of a gradient that has come
     back from the last of them, where its own is 1; both lists begin with the first layer. */
  layers(gain, depth) {
    const forward = [1];
    const factors = [];
    for (let layer = 0; layer < depth; layer++) {
      const [second, slopeSecond] = this.squares(forward[layer]);
      factors.push(gain ** 2 * slopeSecond);
      forward.push(gain ** 2 * second);
    }
    const backward = [1];
    for (let layer = depth - 1; layer >= 0; layer--) backward.unshift(backward[0] * factors[layer]);
    return { forward, backward };
  }
}

/* Formats by the digits of their fractions, with the one before the point, and the least and largest power of two. */
const FORMATS = {
  float16: { digits: 11, least: -14, most: 15 },
  bfloat16: { digits: 8, least: -126, most: 127 },
  float32: { digits: 24, least: -126, most: 127 },
};

/* The number of a format that is nearest to x, even where two are; infinite where it has none so large. */
function roundedTo({ digits, least, most }, x) {
  if (!Number.isFinite(x) || x === 0) return x;
  const power = Math.max(Math.floor(Math.log2(Math.abs(x))), least);
  const unit = 2 ** (power - digits + 1);
  const parts = Math.abs(x) / unit;
  const near = 2 ** 52 + parts - 2 ** 52; // adding so much rounds to whole numbers, half to even
  const value = Math.sign(x) * near * unit;
  return Math.abs(value) > largestOf({ digits, most }) ? Math.sign(x) * Infinity : value;
}
const largestOf = ({ digits, most }) => (2 - 2 ** (1 - digits)) * 2 ** most;

/* The numbers of a format from 0 up, by their place in that order. */
function numberAt({ digits, least }, index) {
  const steps = 2 ** (digits - 1);
  const power = Math.floor(index / steps);
  const part = (index % steps) / steps;
  return power === 0 ? part * 2 ** least : (1 + part) * 2 ** (power - 1 + least);
}

/* Where a format holds no more of f: the numbers nearest to 0 from which on, down and up, the slope rounds to 0 and the
   value to one number, what f tends to or infinity; null where that never happens. f itself is computed in float64. */
function limitsOf(theory, format) {
  const last = (format.most - format.least + 2) * 2 ** (format.digits - 1) - 1;
  const step = Math.max(Math.floor(last / 2 ** 15), 1);
  const found = { slope: [], value: [] };
  for (const side of [-1, 1]) {
    const rounded = (index) => theory.both(side * numberAt(format, index)).map((x) => roundedTo(format, x));
    const [end] = rounded(last);
    const holds = { slope: ([, steep]) => steep === 0, value: ([value]) => value === end };
    const failed = { slope: -1, value: -1 };
    for (let index = last; index >= 0 && (failed.slope < 0 || failed.value < 0); index -= step) {
      const seen = rounded(index);
      for (const key of ["slope", "value"]) if (failed[key] < 0 && !holds[key](seen)) failed[key] = index;
    }
    for (const key of ["slope", "value"]) {
      let low = failed[key];
      if (low >= 0 && numberAt(format, low) > largestOf(format) / 2) {
        found[key].push(null);
        continue;
      }
      let high = low < 0 ? 0 : Math.min(low + step, last);
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (holds[key](rounded(middle))) high = middle;
        else low = middle;
      }
      found[key].push(side * numberAt(format, high) || 0);
    }
  }
  return found;
}
