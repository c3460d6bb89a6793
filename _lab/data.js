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

/* Points to learn from and fresh ones, by a seed. XOR has four corners and no others. */
function drawTask(task, seed) {
  const { draw, corners } = TASKS[task];
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

/* Student's factor: with t = sqrt(freedom) tan(u), the density of u is proportional to cos(u)^(freedom - 1). */
const factors = new Map();
function studentFactor(freedom, level) {
  const key = `${freedom} ${level}`;
  if (factors.has(key)) return factors.get(key);
  const parts = 100000;
  const below = new Float64Array(parts + 1);
  let last = 1;
  for (let i = 1; i <= parts; i++) {
    const density = Math.cos(((Math.PI / 2) * i) / parts) ** (freedom - 1);
    below[i] = below[i - 1] + density + last;
    last = density;
  }
  const wanted = level * below[parts];
  let i = 0;
  while (below[i + 1] < wanted) i++;
  const u = ((Math.PI / 2) * (i + (wanted - below[i]) / (below[i + 1] - below[i]))) / parts;
  const factor = Math.sqrt(freedom) * Math.tan(u);
  factors.set(key, factor);
  return factor;
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
