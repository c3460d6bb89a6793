/* What works for a network: in JS, or compiled from engine.c where a browser has WebAssembly with SIMD and the page's
   policy allows it. An engine makes the arrays that it works on. A layer's are laid out unit by unit: the values of a
   unit for all points lie side by side. */

/* z[i, :] = bias + sum over j of w[i, j] x[j, :], four j at a time: each pass over z costs memory. */
function affine(z, to, w, at, bias, x, into, n) {
  let j = 0;
  if (into % 4 === 0) {
    for (let k = 0; k < n; k++) z[to + k] = bias;
  } else {
    const w0 = w[at];
    for (let k = 0; k < n; k++) z[to + k] = bias + w0 * x[k];
    for (j = 1; j < into % 4; j++) {
      const wj = w[at + j];
      for (let k = 0; k < n; k++) z[to + k] += wj * x[j * n + k];
    }
  }
  for (; j < into; j += 4) {
    const [a, b, c, d] = [w[at + j], w[at + j + 1], w[at + j + 2], w[at + j + 3]];
    const p = j * n, q = p + n, r = q + n, s = r + n;
    for (let k = 0; k < n; k++) z[to + k] += a * x[p + k] + b * x[q + k] + (c * x[r + k] + d * x[s + k]);
  }
}

/* g[to + j] = sum over k of delta[p + k] x[j, k], four j at a time: one sum alone waits for itself. */
function products(g, to, delta, p, x, into, n) {
  let j = 0;
  for (; j + 3 < into; j += 4) {
    const q = j * n, r = q + n, s = r + n, t = s + n;
    let a = 0, b = 0, c = 0, d = 0;
    for (let k = 0; k < n; k++) {
      const one = delta[p + k];
      a += one * x[q + k];
      b += one * x[r + k];
      c += one * x[s + k];
      d += one * x[t + k];
    }
    g[to + j] = a;
    g[to + j + 1] = b;
    g[to + j + 2] = c;
    g[to + j + 3] = d;
  }
  for (; j < into; j++) {
    const q = j * n;
    let even = 0, odd = 0, k = 0;
    for (; k + 1 < n; k += 2) {
      even += delta[p + k] * x[q + k];
      odd += delta[p + k + 1] * x[q + k + 1];
    }
    if (k < n) even += delta[p + k] * x[q + k];
    g[to + j] = even + odd;
  }
}

/* delta below: slope times the sum over i of w[i, j] delta[i, :], four i at a time, as in affine. */
function back(below, delta, w, weight, slopes, into, units, n) {
  for (let j = 0; j < into; j++) {
    const to = j * n, at = weight + j;
    let i = units % 4;
    if (i) {
      const first = w[at];
      for (let k = 0; k < n; k++) below[to + k] = first * delta[k];
      for (let more = 1; more < i; more++) {
        const a = w[at + more * into], p = more * n;
        for (let k = 0; k < n; k++) below[to + k] += a * delta[p + k];
      }
    } else {
      for (let k = 0; k < n; k++) below[to + k] = 0;
    }
    for (; i < units; i += 4) {
      const a = w[at + i * into], b = w[at + (i + 1) * into], c = w[at + (i + 2) * into], d = w[at + (i + 3) * into];
      const p = i * n, q = p + n, r = q + n, s = r + n;
      for (let k = 0; k < n; k++) {
        below[to + k] += a * delta[p + k] + b * delta[q + k] + (c * delta[r + k] + d * delta[s + k]);
      }
    }
    for (let k = 0; k < n; k++) below[to + k] *= slopes[to + k];
  }
}

/* One for each network, with arrays of its own. */
class Plain {
  /* Float64Arrays of these lengths. */
  arrays(lengths) {
    return lengths.map((length) => new Float64Array(length));
  }

  /* A tape over n numbers of its inputs, into its outputs. */
  run(tape, streams, n) {
    tape.run(streams, n);
  }

  affine(z, w, weight, bias, x, into, units, n) {
    for (let i = 0; i < units; i++) affine(z, i * n, w, weight + i * into, w[bias + i], x, into, n);
  }

  gradients(g, weight, bias, delta, x, into, units, n) {
    for (let i = 0; i < units; i++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += delta[i * n + k];
      g[bias + i] = sum;
      products(g, weight + i * into, delta, i * n, x, into, n);
    }
  }

  back(below, delta, w, weight, slopes, into, units, n) {
    back(below, delta, w, weight, slopes, into, units, n);
  }
}

const TAPE_ROOM = 524288; // bytes for the two tapes of a function, or for that of the loss: of the longest texts each
// takes some 150,000

/* One for all networks: its memory is that of the network that it works for. */
class Compiled {
  constructor(exports) {
    const { memory, __heap_base: base, table } = exports;
    Object.assign(this, { exports, memory, base: base.value, owner: null });
    const coefficients = [...EXP, ...ERFCX, ERFCX_MIDDLE];
    new Float64Array(memory.buffer, table(), coefficients.length).set(coefficients);
  }

  /* Each a little longer, for the operations that take numbers four by four; and room for the tapes of so many
     functions. */
  arrays(lengths, functions) {
    let top = Math.ceil(this.base / 16) * 16;
    const places = lengths.map((length) => {
      const place = top;
      top += 16 * Math.ceil((length + 3) / 2);
      return place;
    });
    const missing = top + TAPE_ROOM * (functions + 1) - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    this.top = top;
    this.tapes = new Map();
    return places.map((place, i) => new Float64Array(this.memory.buffer, place, lengths[i]));
  }

  /* A tape's constants, lines and operations in memory. */
  placed(tape) {
    const known = this.tapes.get(tape);
    if (known) return known;
    const { buffer } = this.memory;
    const { code, count, constants, streams } = tape;
    const lines = this.top;
    for (const { line, value } of constants) new Float64Array(buffer, lines + 8 * BLOCK * line, BLOCK).fill(value);
    const table = new Int32Array(buffer, lines + 8 * BLOCK * count, count);
    for (let i = streams; i < count; i++) table[i] = lines + 8 * BLOCK * i;
    const list = new Int32Array(buffer, table.byteOffset + 4 * count, code.length);
    list.set(code);
    this.top = Math.ceil((list.byteOffset + 4 * code.length) / 16) * 16;
    const made = { table, list: list.byteOffset, steps: code.length / 5 };
    this.tapes.set(tape, made);
    return made;
  }

  run(tape, streams, n) {
    const { table, list, steps } = this.placed(tape);
    for (let i = 0; i < streams.length; i++) table[i] = streams[i].byteOffset;
    this.exports.run(list, steps, table.byteOffset, streams.length, n);
  }

  affine(z, w, weight, bias, x, into, units, n) {
    const at = w.byteOffset;
    this.exports.mix(z.byteOffset, x.byteOffset, at + 8 * weight, into, 1, at + 8 * bias, 0, units, into, n);
  }

  gradients(g, weight, bias, delta, x, into, units, n) {
    const at = g.byteOffset;
    this.exports.gradients(at + 8 * weight, at + 8 * bias, delta.byteOffset, x.byteOffset, into, units, n);
  }

  back(below, delta, w, weight, slopes, into, units, n) {
    const at = w.byteOffset + 8 * weight;
    this.exports.mix(below.byteOffset, delta.byteOffset, at, 1, into, 0, slopes.byteOffset, into, units, n);
  }
}

let compiled = null;

/* Resolves to whether there is compiled code; until then, and without it, JS does the work. */
const ready = (async () => {
  try {
    const names = Object.keys(OPERATIONS);
    const [out, x, y] = [[0], [0], [0]];
    const one = (op, first, second) => {
      [x[0], y[0]] = [first, second];
      OPERATIONS[names[op]](x, y, y, out, 1);
      return out[0];
    };
    const bytes = Uint8Array.from(atob(MODULE), (sign) => sign.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(bytes, { lab: { one } });
    compiled = new Compiled(instance.exports);
  } catch {
    compiled = null;
  }
  return compiled !== null;
})();
