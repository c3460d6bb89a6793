/* The tasks, and what twenty runs say. */

const POINTS = 200; // to learn from
const FRESH = 500; // to be judged by

/* A task: x has all first coordinates, then all second ones; reach is how far its picture goes. */
const TASKS = {
  disk: {
    title: "Disk",
    reach: 2.2,
    draw: (random) => {
      const scale = 1 / Math.sqrt(2 * Math.LN2); // each label has probability 1/2
      const [x, y] = [random.normal() * scale, random.normal() * scale];
      return [x, y, x * x + y * y < 1 ? 1 : 0];
    },
  },
  xor: { title: "XOR", reach: 1.5, corners: [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]] },
  spirals: {
    title: "Spirals",
    reach: 1.2,
    draw: (random) => {
      const label = random.uniform() < 0.5 ? 0 : 1;
      const radius = 0.1 + 0.9 * random.uniform();
      const angle = 2 * Math.PI * (radius + label / 2);
      const noise = () => 0.03 * random.normal();
      return [radius * Math.cos(angle) + noise(), radius * Math.sin(angle) + noise(), label];
    },
  },
  square: {
    title: "Square",
    reach: 1.1,
    draw: (random) => {
      const [x, y] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
      return [x, y, Math.max(Math.abs(x), Math.abs(y)) < Math.SQRT1_2 ? 1 : 0]; // half of the area
    },
  },
  own: { title: "your own points", reach: 1.1 },
};

function packedPoints(points) {
  const n = points.length;
  const x = new Float64Array(2 * n);
  const y = new Float64Array(n);
  points.forEach(([first, second, label], k) => {
    x[k] = first;
    x[n + k] = second;
    y[k] = label;
  });
  return { x, y, n };
}

/* Points to learn from and fresh ones, by a seed. XOR has four corners and no others; of the reader's own points, whose
   text is given, none are fresh. */
function drawTask(task, seed, own = "") {
  const { draw, corners } = TASKS[task];
  if (task === "own") return { train: packedPoints(coordinates(pointsIn(own))), test: null };
  if (corners) return { train: packedPoints(corners), test: packedPoints(corners) };
  const random = new Random(seed, 1);
  const drawn = (n) => packedPoints(Array.from({ length: n }, () => draw(random)));
  return { train: drawn(POINTS), test: drawn(FRESH) };
}

const quantile = (sorted, share) => {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
};

/* The share of Student's distribution up to |t| = sqrt(freedom) tan(u): integrals of cos(u)^(freedom - 1) by parts. */
function inside(u, freedom) {
  const odd = freedom % 2;
  let total = 0, term = odd ? Math.cos(u) : 1;
  for (let k = 2 + odd; k <= freedom; k += 2) {
    total += term;
    term *= ((k - 1) / k) * Math.cos(u) ** 2;
  }
  return odd ? (2 / Math.PI) * (u + Math.sin(u) * total) : Math.sin(u) * total;
}

function studentFactor(freedom, level) {
  let low = 0, high = Math.PI / 2;
  for (let half = 0; half < 60; half++) {
    const middle = (low + high) / 2;
    if (inside(middle, freedom) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/* The mean, and half the width of its interval; as statistics.student. */
function student(values, level = 0.95) {
  const n = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / n;
  if (n < 2) return [mean, NaN];
  const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1));
  return [mean, (studentFactor(n - 1, level) * sd) / Math.sqrt(n)];
}

/* Pair by pair: how many pairs of finite numbers, the mean of a - b with its interval, and in how many of them a is
   smaller or larger. */
function paired(a, b) {
  const kept = a.map((v, i) => [v, b[i]]).filter(([v, w]) => Number.isFinite(v) && Number.isFinite(w));
  const [mean, half] = kept.length ? student(kept.map(([v, w]) => v - w)) : [NaN, NaN];
  return {
    pairs: kept.length,
    left: a.length - kept.length,
    mean,
    half,
    low: mean - half,
    high: mean + half,
    smaller: kept.filter(([v, w]) => v < w).length,
    larger: kept.filter(([v, w]) => v > w).length,
  };
}
