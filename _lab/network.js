/* Networks of two inputs and one logit, their starts, and their training. All numbers are float64. What costs time is
   done by an engine: see engine.js. */

/* Numbers from a seed: xoshiro128** (Blackman and Vigna, 2018), filled by a mixing function of the seed. */
class Random {
  constructor(seed, stream = 0) {
    let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul((stream | 0) + 1, 0x85ebca77)) | 0;
    const mixed = () => {
      state = (state + 0x6d2b79f5) | 0;
      let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      return x ^ (x >>> 15);
    };
    this.s = Int32Array.from([mixed(), mixed(), mixed(), mixed() | 1]);
    this.spare = null;
  }

  bits() {
    const s = this.s;
    const x = Math.imul(s[1], 5);
    const out = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return out;
  }

  /* Between 0 and 1, neither reached: 52 bits and a half. */
  uniform() {
    return ((this.bits() >>> 6) * 67108864 + (this.bits() >>> 6) + 0.5) / 4503599627370496;
  }

  /* By the polar method: two at a time. */
  normal() {
    if (this.spare !== null) {
      const kept = this.spare;
      this.spare = null;
      return kept;
    }
    let x, y, r;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1);
    const scale = Math.sqrt((-2 * Math.log(r)) / r);
    this.spare = y * scale;
    return x * scale;
  }

  /* The numbers from 0 to n - 1 in a random order. */
  order(n) {
    const out = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}

/* Rows or columns of length 1 at right angles: normal numbers, made so one by one, and twice against rounding. */
function orthogonal(rows, columns, random) {
  const across = rows < columns;
  const [count, length] = across ? [rows, columns] : [columns, rows];
  const vectors = Array.from({ length: count }, () => Float64Array.from({ length }, () => random.normal()));
  vectors.forEach((vector, i) => {
    for (let twice = 0; twice < 2; twice++) {
      for (let j = 0; j < i; j++) {
        const along = vector.reduce((sum, x, k) => sum + x * vectors[j][k], 0);
        for (let k = 0; k < length; k++) vector[k] -= along * vectors[j][k];
      }
    }
    const size = Math.hypot(...vector);
    for (let k = 0; k < length; k++) vector[k] /= size;
  });
  return (i, j) => (across ? vectors[i][j] : vectors[j][i]);
}

/* What a start does to the weights of a layer with so many inputs and outputs; as networks.initialize. */
const STARTS = {
  torch: (into, out, random) => () => (2 * random.uniform() - 1) / Math.sqrt(into),
  lecun: (into, out, random) => () => random.normal() * Math.sqrt(1 / into),
  glorot: (into, out, random) => () => random.normal() * Math.sqrt(2 / (into + out)),
  he: (into, out, random) => () => random.normal() * Math.sqrt(2 / into),
  computed: (into, out, random) => () => random.normal() * Math.sqrt(1 / into), // times the function's gain
  orthogonal: (into, out, random) => orthogonal(out, into, random),
};

class Network {
  /* sizes: inputs, units of each hidden layer, outputs. activation: f as functionOf makes it, or a list, one for each
     hidden layer. */
  constructor(sizes, activation) {
    this.sizes = sizes;
    this.activations = Array.isArray(activation) ? activation : Array(sizes.length - 2).fill(activation);
    let at = 0;
    this.layers = sizes.slice(1).map((out, i) => {
      const into = sizes[i];
      const layer = { into, out, weight: at, bias: at + into * out };
      at += into * out + out;
      return layer;
    });
    this.parameters = new Float64Array(at);
    this.room = 0;
    this.plain = new Plain();
    this.engine = null;
  }

  /* Draws all weights, times the gain, a number or one for each layer; the start of torch draws biases too, those of
     the others are 0. */
  initialize(start, gain, random) {
    for (const [l, { into, out, weight, bias }] of this.layers.entries()) {
      const draw = STARTS[start](into, out, random);
      const scale = Array.isArray(gain) ? gain[l] : gain;
      for (let i = 0; i < out; i++) {
        for (let j = 0; j < into; j++) this.parameters[weight + i * into + j] = scale * draw(i, j);
      }
      for (let i = 0; i < out; i++) {
        this.parameters[bias + i] = start === "torch" ? (2 * random.uniform() - 1) / Math.sqrt(into) : 0;
      }
    }
  }

  /* Room for so many points, with the best engine that there is by now; one that is shared may have been another's. */
  reserve(n) {
    const engine = compiled ?? this.plain;
    if (n <= this.room && engine === this.engine && engine.owner === this) return;
    this.engine = engine;
    engine.owner = this;
    this.room = Math.max(n, this.room);
    const sizes = this.sizes.map((size) => size * this.room);
    const hidden = sizes.slice(1);
    const parts = { w: [this.parameters.length], g: [this.parameters.length], a: sizes, z: hidden, slopes: hidden,
      delta: hidden, labels: [this.room], losses: [this.room] };
    const arrays = engine.arrays(Object.values(parts).flat(), new Set(this.activations).size);
    const next = (part) => parts[part].map(() => arrays.shift());
    [this.w] = next("w");
    [this.gradient] = next("g");
    this.a = next("a");
    for (const part of ["z", "slopes", "delta"]) this[part] = [null, ...next(part)];
    [this.labels] = next("labels");
    [this.losses] = next("losses");
  }

  /* The logits of n points: x holds the first coordinates, then the second ones. What is computed, here and below,
     lasts until the next call, of any network. */
  forward(x, n, slopes = false) {
    this.reserve(n);
    const { engine, activations, w } = this;
    w.set(this.parameters);
    this.a[0].set(x.length > this.sizes[0] * n ? x.subarray(0, this.sizes[0] * n) : x);
    this.layers.forEach(({ into, out, weight, bias }, i) => {
      const z = this.z[i + 1];
      engine.affine(z, w, weight, bias, this.a[i], into, out, n);
      if (i + 1 === this.layers.length) return;
      if (slopes) engine.run(activations[i].both, [z, this.a[i + 1], this.slopes[i + 1]], out * n);
      else engine.run(activations[i].values, [z, this.a[i + 1]], out * n);
    });
    return this.z.at(-1);
  }

  /* The mean loss of the logits of the last call, and its slope by each of them in delta. y: labels, 0 or 1. */
  loss(y, n, loss) {
    const [out, delta] = [this.z.at(-1), this.delta.at(-1)];
    this.labels.set(y.length > n ? y.subarray(0, n) : y);
    this.engine.run(lossTape(loss), [out, this.labels, this.losses, delta], n);
    let sum = 0;
    for (let k = 0; k < n; k++) {
      sum += this.losses[k];
      delta[k] /= n;
    }
    return sum / n;
  }

  /* Loss of these points, and its gradient in this.gradient. */
  backward(x, y, n, loss) {
    this.forward(x, n, true);
    const value = this.loss(y, n, loss);
    const { engine, w } = this;
    for (let l = this.layers.length; l > 0; l--) {
      const { into, out, weight, bias } = this.layers[l - 1];
      engine.gradients(this.gradient, weight, bias, this.delta[l], this.a[l - 1], into, out, n);
      if (l > 1) engine.back(this.delta[l - 1], this.delta[l], w, weight, this.slopes[l - 1], into, out, n);
    }
    return value;
  }
}

const LOSS_TAPES = {};
const lossTape = (name) => (LOSS_TAPES[name] ??= new Tape(LOSSES[name](Z, Y), [Z, Y]));

/* One update of the parameters from the gradient; as torch.optim's SGD and Adam. */
const OPTIMISERS = {
  sgd: () => (p, g, rate) => {
    for (let i = 0; i < p.length; i++) p[i] -= rate * g[i];
  },
  momentum: (length) => {
    const kept = new Float64Array(length);
    return (p, g, rate) => {
      for (let i = 0; i < length; i++) {
        kept[i] = 0.9 * kept[i] + g[i];
        p[i] -= rate * kept[i];
      }
    };
  },
  adam: (length) => {
    const mean = new Float64Array(length);
    const square = new Float64Array(length);
    let first = 1, second = 1;
    return (p, g, rate) => {
      first *= 0.9;
      second *= 0.999;
      const size = rate / (1 - first);
      const root = Math.sqrt(1 - second);
      for (let i = 0; i < length; i++) {
        mean[i] += 0.1 * (g[i] - mean[i]);
        square[i] = 0.999 * square[i] + 0.001 * g[i] * g[i];
        p[i] -= (size * mean[i]) / (Math.sqrt(square[i]) / root + 1e-8);
      }
    };
  },
};

/* A network on its way: points, optimiser, and how many updates it has had. */
class Trainer {
  /* data: {x, y, n} with x all first coordinates, then all second. batch 0: all points at once. */
  constructor(network, data, { optimiser = "adam", rate = 0.01, batch = 0, loss = "bce", seed = 0 } = {}) {
    Object.assign(this, { network, data, rate, loss, steps: 0, latest: NaN });
    this.batch = batch > 0 && batch < data.n ? batch : 0;
    this.update = OPTIMISERS[optimiser](network.parameters.length);
    this.random = new Random(seed, 3);
    this.order = null;
    this.at = 0;
    this.x = new Float64Array(2 * this.batch);
    this.y = new Float64Array(this.batch);
  }

  /* One update; returns the loss of its points before it. */
  step() {
    let { x, y, n } = this.data;
    if (this.batch) [x, y, n] = this.drawn();
    this.latest = this.network.backward(x, y, n, this.loss);
    this.update(this.network.parameters, this.network.gradient, this.rate);
    this.steps++;
    return this.latest;
  }

  /* The next few points: each pass over them takes them in a new order, and its last batch may be smaller. */
  drawn() {
    const { x, y, n } = this.data;
    if (!this.order || this.at >= n) {
      this.order = this.random.order(n);
      this.at = 0;
    }
    const size = Math.min(this.batch, n - this.at);
    for (let k = 0; k < size; k++) {
      const from = this.order[this.at + k];
      this.x[k] = x[from];
      this.x[size + k] = x[n + from];
      this.y[k] = y[from];
    }
    this.at += size;
    return [this.x, this.y, size];
  }
}

/* Mean loss and share of right answers of a network on points. */
function judged(network, { x, y, n }, loss = "bce") {
  const out = network.forward(x, n);
  let right = 0;
  for (let k = 0; k < n; k++) right += (out[k] > 0 ? 1 : 0) === y[k];
  return { loss: network.loss(y, n, loss), right: right / n };
}

const FLAT = 0.01; // as diagnostics.FLAT: a slope below it takes two powers of ten from a gradient
const BINS = 24;

/* How many of the first n numbers fall into each of equal bins from the least to the largest, infinite ones aside. */
function histogram(values, n) {
  let low = Infinity, high = -Infinity, sum = 0, squares = 0, count = 0;
  for (let k = 0; k < n; k++) {
    const v = values[k];
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
    sum += v;
    squares += v * v;
    count++;
  }
  const bins = new Uint32Array(BINS);
  const scale = high > low ? BINS / (high - low) : 0;
  for (let k = 0; k < n; k++) {
    if (Number.isFinite(values[k])) bins[Math.min(BINS - 1, Math.floor((values[k] - low) * scale))]++;
  }
  const mean = sum / count;
  let off = 0;
  for (let k = 0; k < n; k++) if (Number.isFinite(values[k])) off += (values[k] - mean) ** 2;
  return { low, high, mean, sd: Math.sqrt(off / count), rms: Math.sqrt(squares / count), bins, count };
}

/* Each hidden layer on these points: pre-activations, outputs, delta, and the dead and flat share of the slopes. */
function layerStatistics(network, { x, y, n }, loss = "bce") {
  network.backward(x, y, n, loss);
  return network.layers.slice(0, -1).map(({ out }, i) => {
    const l = i + 1;
    const slopes = network.slopes[l];
    let flat = 0, dead = 0;
    for (let unit = 0; unit < out; unit++) {
      let alive = false;
      for (let k = unit * n; k < (unit + 1) * n; k++) {
        if (slopes[k] !== 0) alive = true;
        if (Math.abs(slopes[k]) < FLAT) flat++;
      }
      if (!alive) dead++;
    }
    const [z, a] = [network.z[l], network.a[l]].map((values) => histogram(values, out * n));
    const delta = histogram(network.delta[l], out * n).rms;
    return { z, a, delta, dead: dead / out, flat: flat / (out * n) };
  });
}

/* The logits of a network on a grid of size x size points, row by row from the top; a few rows at a time. */
function surface(network, size, reach) {
  const rows = Math.max(1, Math.floor(500 / size));
  const out = new Float64Array(size * size);
  for (let top = 0; top < size; top += rows) {
    const n = Math.min(rows, size - top) * size;
    const x = new Float64Array(2 * n);
    for (let k = 0; k < n; k++) {
      x[k] = reach * ((2 * (k % size) + 1) / size - 1);
      x[n + k] = reach * (1 - (2 * (top + Math.floor(k / size)) + 1) / size);
    }
    out.set(network.forward(x, n).subarray(0, n), top * size);
  }
  return out;
}
