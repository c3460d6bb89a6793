/* What the controls choose, and how it stands in the address. */

const OPTIMISER_TITLES = { sgd: "SGD", momentum: "SGD, momentum 0.9", adam: "Adam" };
const START_TITLES = {
  torch: "torch's default",
  lecun: "LeCun",
  glorot: "Glorot",
  he: "He",
  computed: "computed gain",
  orthogonal: "orthogonal",
};
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
const BATCHES = [0, 4, 16, 64]; // 0: all points
const UPDATES = [100, 300, 1000, 3000]; // of each of the twenty starts

const DEFAULTS = {
  data: "disk",
  points: "", // the reader's own, as pointsIn reads them
  f: "relu",
  layers: {}, // by its number, the function of a hidden layer that has one of its own
  set: {}, // settings of the function that are not the catalog's
  depth: 2,
  width: 8,
  start: "torch",
  gain: 1,
  optimiser: "adam",
  rate: 0.01,
  batch: 0,
  seed: 1,
};

const within = (low, high, whole) => (value) => {
  const number = value === "" ? NaN : Number(value);
  if (!Number.isFinite(number)) return undefined;
  const inside = Math.min(high, Math.max(low, number));
  return whole ? Math.round(inside) : inside;
};
const oneOf = (table) => (value) => (Object.hasOwn(table, value) ? value : undefined);
const among = (list) => (value) => list.find((one) => value !== "" && one === Number(value));

/* From a word of the address to a value; undefined for what is none. */
const READ = {
  data: oneOf(TASKS),
  points: (text) => (pointsIn(text) ? text : undefined),
  f: oneOf({ ...FUNCTIONS, own: null }),
  depth: within(1, 10, true),
  width: within(1, 32, true),
  start: oneOf(STARTS),
  gain: within(0.1, 5, false),
  optimiser: oneOf(OPTIMISER_TITLES),
  rate: among(RATES),
  batch: among(BATCHES),
  seed: within(1, 9999, true),
};

/* The sliders of a function: [key, place in a list or null, words, default, low, high] for each number it takes. */
function knobsOf(f) {
  return Object.entries(entryOf(f).settings).flatMap(([key, value]) => {
    const [low, high] = entryOf(f).ends[key];
    const words = key.replaceAll("_", " ");
    if (!Array.isArray(value)) return [[key, null, words, value, low, high]];
    return value.map((one, i) => [key, i, `${words} ${i + 1}`, one, low, high]);
  });
}

/* Settings as the function takes them: the defaults, and what the reader moved. */
function settingsOf({ f, set, own }) {
  if (f === "own") return { text: own };
  const full = structuredClone(CATALOG[f].settings);
  for (const [key, place, words, , low, high] of knobsOf(f)) {
    if (!Object.hasOwn(set, words)) continue;
    let value = Math.min(high, Math.max(low, set[words]));
    if (f === "snake" && value === 0) value = low;
    if (place === null) full[key] = value;
    else full[key][place] = value;
  }
  if (f === "rrelu" && full.lower > full.upper) [full.lower, full.upper] = [full.upper, full.lower];
  return full;
}

/* Of an address, the settings of a function that are not the catalog's. */
function readSet(query, f, prefix) {
  const found = {};
  for (const [, , words, , low, high] of knobsOf(f)) {
    const value = within(low, high, false)(query.get(`${prefix}set.${words}`) ?? "");
    if (value !== undefined) found[words] = value;
  }
  return found;
}

/* Of an address, the functions of layers of their own. */
function readLayers(query, depth, prefix) {
  const found = {};
  for (let layer = 1; layer <= depth; layer++) {
    const name = query.get(`${prefix}f.${layer}`) ?? "";
    if (Object.hasOwn(CATALOG, name)) found[layer] = name;
  }
  return found;
}

/* Of each hidden layer the name of its function and its settings: f, or the layer's own with the catalog's settings. */
function layersOf(setting) {
  const common = { f: setting.f, settings: settingsOf(setting) };
  return Array.from({ length: setting.depth }, (_, i) => {
    const f = setting.layers[i + 1];
    return f ? { f, settings: settingsOf({ f, set: {} }) } : common;
  });
}

/* The layers that have a function of their own: [number, name]; those beyond the depth do not count. */
const ownLayers = ({ layers, depth }) => Object.entries(layers).filter(([layer]) => layer <= depth);

/* A text that is a function: this one, or the first that a reader sees. */
function readOwn(text) {
  try {
    typed(text ?? "");
    return text;
  } catch {
    return OWN_FIRST;
  }
}
const OWN_FIRST = "z * sigmoid(1.7 z)";

/* What the address says to other labs of the page than the one that owns these keys. */
function othersOf(owns) {
  const query = new URLSearchParams(location.search);
  for (const key of [...query.keys()]) if (owns(key)) query.delete(key);
  return query;
}
const ofTraining = (key) => Object.hasOwn(READ, key) || /^(own|updates|b|b\..*|set\..*|f\.\d+)$/.test(key);

/* A setting from an address; what it does not say, or says wrongly, is the default. */
function readSetting(query, prefix = "") {
  const found = structuredClone(DEFAULTS);
  for (const [key, read] of Object.entries(READ)) {
    const value = query.has(prefix + key) ? read(query.get(prefix + key)) : undefined;
    if (value !== undefined) found[key] = value;
  }
  if (found.f === "own") found.own = readOwn(query.get(`${prefix}own`));
  found.set = readSet(query, found.f, prefix);
  found.layers = readLayers(query, found.depth, prefix);
  return found;
}

/* The words of an address: what differs from the default. */
function writeSetting(query, setting, prefix = "") {
  for (const key of Object.keys(READ)) {
    if (key === "points" && setting.data !== "own") continue;
    if (setting[key] !== DEFAULTS[key]) query.set(prefix + key, setting[key]);
  }
  if (setting.f === "own") query.set(`${prefix}own`, setting.own);
  for (const [words, value] of Object.entries(setting.set)) query.set(`${prefix}set.${words}`, value);
  for (const [layer, name] of ownLayers(setting)) query.set(`${prefix}f.${layer}`, name);
}

/* A number as a person writes it: three digits, and powers of ten where it is very small or large. */
function said(value, digits = 3) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "minus infinite";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    return `${mantissa}e${Number(power)}`.replace("-", "−").replace("e-", "e−");
  }
  return Number(value.toPrecision(digits)).toString().replace("-", "−");
}
const percent = (share) => `${Math.round(100 * share)} %`;

/* A setting in words, or only what tells it from another. */
function describe(setting, other = null) {
  const title = setting.f === "own" ? `f(z) = ${setting.own}` : CATALOG[setting.f].title;
  const moved = Object.entries(setting.set).map(([words, value]) => `${words} ${said(value)}`);
  const parts = {
    f: moved.length ? `${title} (${moved.join(", ")})` : title,
    layers: ownLayers(setting).map(([layer, f]) => `${CATALOG[f].title} in layer ${layer}`).join(", ") ||
      (other ? "one function in all layers" : ""),
    depth: `${setting.depth} hidden ${setting.depth === 1 ? "layer" : "layers"}`,
    width: `width ${setting.width}`,
    start: `start ${START_TITLES[setting.start]}`,
    gain: `gain ${said(setting.gain)}`,
    optimiser: OPTIMISER_TITLES[setting.optimiser],
    rate: `rate ${setting.rate}`,
    batch: setting.batch ? `batch ${setting.batch}` : "all points at once",
    data: setting.data === "own" ? `your own ${counted(setting.points.length / 2)}` : TASKS[setting.data].title,
  };
  const same = (key) => setting[key] === other[key] && (key !== "f" || sameSet(setting, other)) &&
    (key !== "data" || samePoints(setting, other));
  const differs = (key) => (key === "layers" ? !sameLayers(setting, other) : !same(key));
  const kept = Object.keys(parts).filter((key) => (other ? differs(key) : key !== "gain" || setting.gain !== 1));
  return kept.map((key) => parts[key]).filter(Boolean).join(", ");
}
const sameSet = (a, b) => JSON.stringify(settingsOf(a)) === JSON.stringify(settingsOf(b));
const sameLayers = (a, b) => JSON.stringify(ownLayers(a)) === JSON.stringify(ownLayers(b));
const samePoints = (a, b) => a.data !== "own" || b.data !== "own" || a.points === b.points;
const alike = (a, b) => Object.keys(READ).every((key) => ["seed", "points"].includes(key) || a[key] === b[key]) &&
  sameSet(a, b) && samePoints(a, b) && sameLayers(a, b);

/* The trainer that a setting asks for, untrained, and its task. The seed draws points, weights and batches, each from
   a stream of its own: two settings with one seed have the same points. test is null where there are no fresh ones. */
function begun(setting, seed = setting.seed) {
  const layers = layersOf(setting);
  const sizes = [2, ...Array(setting.depth).fill(setting.width), 1];
  const once = (act) => { // what it makes of a layer, once for all layers with the same function
    const made = new Map();
    return layers.map(({ f, settings }) => {
      const key = JSON.stringify([f, settings]);
      if (!made.has(key)) made.set(key, act(f, settings));
      return made.get(key);
    });
  };
  const network = new Network(sizes, once(functionOf));
  // weights multiply what comes out of the function before them; before the first ones there is none
  const gains = setting.start === "computed" ? once(gainOf) : layers.map(() => 1);
  network.initialize(setting.start, [gains[0], ...gains].map((one) => setting.gain * one), new Random(seed, 2));
  const { train, test } = drawTask(setting.data, seed, setting.points);
  return { trainer: new Trainer(network, train, { ...setting, seed }), test };
}
