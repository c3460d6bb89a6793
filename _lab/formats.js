/* Number formats: every operation is carried out exactly, or to 300 bits and more, and rounded once, to the nearest
   number of the format and of two equally near ones to the even one. */

const formats = (() => {
/* exponent, fraction: bits. */
const FORMATS = {
  float16: { title: "float16", exponent: 5, fraction: 10 },
  bfloat16: { title: "bfloat16", exponent: 8, fraction: 7 },
  float32: { title: "float32", exponent: 8, fraction: 23 },
  float64: { title: "float64", exponent: 11, fraction: 52 },
  float8_e5m2: { title: "float8 E5M2", exponent: 5, fraction: 2 },
};
for (const format of Object.values(FORMATS)) {
  const { exponent, fraction } = format;
  format.bias = 2 ** (exponent - 1) - 1;
  format.lowest = 1 - format.bias; // of the exponents of normal numbers
  format.largest = 2 ** format.bias * (2 - 2 ** -fraction);
  format.tiny = powerOfTwo(format.lowest - fraction); // the least above 0
}

const PLACES = 320; // binary places of what is not exact
const doubles = new Float64Array(1);
const patterns = new BigUint64Array(doubles.buffer);

/* 2 to a whole power, exactly, down to the least float64. */
function powerOfTwo(power) {
  const bits = new BigUint64Array([power < -1022 ? 1n << BigInt(power + 1074) : BigInt(power + 1023) << 52n]);
  return new Float64Array(bits.buffer)[0];
}

/* A finite number exactly: sign * m * 2^e, m a whole number. */
function exactly(x) {
  doubles[0] = Math.abs(x);
  const power = Number(patterns[0] >> 52n);
  const fraction = patterns[0] & 0xfffffffffffffn;
  const sign = x < 0 || Object.is(x, -0) ? -1 : 1;
  return power ? { sign, m: fraction | (1n << 52n), e: power - 1075 } : { sign, m: fraction, e: -1074 };
}
const lengthOf = (m) => (m ? m.toString(16).length * 4 - Math.clz32(parseInt(m.toString(16)[0], 16)) + 28 : 0);
const shifted = (m, by) => (by >= 0 ? m << BigInt(by) : m >> BigInt(-by));

/* The number of the format that is nearest to an exact one. `more`: that it is a little larger than m says. */
function nearest({ sign, m, e, more = false }, format) {
  if (!m) return sign * 0;
  const { lowest, bias, fraction, largest } = format;
  const top = lengthOf(m) - 1 + e;
  if (top > bias + 1) return sign * Infinity;
  const last = Math.max(top, lowest) - fraction; // what the last place is worth, as a power of two
  const cut = last - e;
  let whole = shifted(m, -cut);
  if (cut > 0) {
    const rest = m - (whole << BigInt(cut));
    const half = 1n << BigInt(cut - 1);
    if (rest > half || (rest === half && (more || whole & 1n))) whole += 1n;
  }
  if (lengthOf(whole) + last > 1024) return sign * Infinity;
  const size = Number(whole) * powerOfTwo(last);
  return sign * (size > largest ? Infinity : size);
}

/* A float64 as the format stores it. */
function rounded(x, format) {
  return Number.isFinite(x) ? nearest(exactly(x), format) : x;
}

/* Logarithms and exponentials in whole numbers of 2^-PLACES. */
const ONE = 1n << BigInt(PLACES);
const times = (a, b) => (a * b) >> BigInt(PLACES);
/* 2 atanh(s), for s well below 1. */
function twiceAtanh(s) {
  const square = times(s, s);
  let sum = 0n;
  for (let term = s, k = 1n; term !== 0n && term !== -1n; term = times(term, square), k += 2n) sum += term / k;
  return 2n * sum;
}
const LOG_2 = twiceAtanh(ONE / 3n);

/* Exact results of operations on finite numbers; null where there is none. */
const EXACT = {
  add(x, y) {
    const [a, b] = [exactly(x), exactly(y)];
    const e = Math.min(a.e, b.e);
    const sum = [a, b].reduce((all, { sign, m, e: own }) => all + BigInt(sign) * shifted(m, own - e), 0n);
    // a sum of 0 is +0, but of two -0
    if (!sum) return { sign: a.sign < 0 && b.sign < 0 ? -1 : 1, m: 0n, e };
    return { sign: sum < 0n ? -1 : 1, m: sum < 0n ? -sum : sum, e };
  },
  subtract: (x, y) => EXACT.add(x, -y),
  divide(x, y) {
    const [a, b] = [exactly(x), exactly(y)];
    if (!b.m) return null;
    const m = (a.m << 400n) / b.m;
    return { sign: a.sign * b.sign, m, e: a.e - b.e - 400, more: m * b.m !== a.m << 400n };
  },
  exp(x) {
    const { sign, m, e } = exactly(x);
    if (!m) return { sign: 1, m: 1n, e: 0 };
    if (Math.abs(x) > 1e6) return null;
    const at = BigInt(sign) * shifted(m, e + PLACES);
    let power = at / LOG_2;
    if (at < power * LOG_2) power -= 1n;
    const rest = at - power * LOG_2;
    let sum = 0n;
    for (let term = ONE, k = 1n; term; term = times(term, rest) / k, k += 1n) sum += term;
    return { sign: 1, m: sum, e: Number(power) - PLACES, more: true };
  },
  log(x) {
    if (x <= 0) return null;
    const { m, e } = exactly(x);
    let power = lengthOf(m) - 1;
    let part = shifted(m, PLACES - power); // 1 to 2
    if (2n * part > 3n * ONE) {
      part >>= 1n; // 3/4 to 3/2
      power += 1;
    }
    const sum = BigInt(power + e) * LOG_2 + twiceAtanh(((part - ONE) << BigInt(PLACES)) / (part + ONE));
    return { sign: sum < 0n ? -1 : 1, m: sum < 0n ? -sum : sum, e: -PLACES, more: sum !== 0n };
  },
  negate: (x) => exactly(-x),
  largest: (...all) => exactly(Math.max(...all)),
};
/* The same where a number is not finite, or nothing exact is to be had. */
const BEYOND = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  divide: (x, y) => x / y,
  exp: Math.exp,
  log: Math.log,
  negate: (x) => -x,
  largest: (...all) => Math.max(...all),
};

/* An operation of a format: its value, the exact result where there is one, and what happened to it. */
function operate(name, args, format) {
  const exact = args.every(Number.isFinite) ? EXACT[name](...args) : null;
  const value = exact ? nearest(exact, format) : rounded(BEYOND[name](...args), format);
  return { name, args, value, exact, what: happened(name, args, value, exact, format) };
}

const sameAs = (a, b) => {
  const e = Math.min(a.e, b.e);
  return shifted(a.m, a.e - e) === shifted(b.m, b.e - e);
};

function happened(name, args, value, exact, format) {
  if (args.some(Number.isNaN)) return "nan before";
  if (exact && exact.m) {
    if (!Number.isFinite(value)) return "overflow";
    if (value === 0) return "underflow";
    if (Math.abs(value) < powerOfTwo(format.lowest)) return "subnormal";
    return !exact.more && sameAs(exactly(value), exact) ? "exact" : "rounded";
  }
  if (Number.isNaN(value)) return "invalid";
  if (!exact && args.every(Number.isFinite)) {
    if (name === "divide") return "division by 0";
    if (name === "log") return "log of 0";
    return args[0] > 0 ? "overflow" : "underflow"; // an exponential far outside
  }
  return "exact";
}

/* The bits of a number of a format: sign, exponent and fraction as strings of 0 and 1. */
function bitsOf(value, format) {
  const { exponent, fraction, bias, lowest } = format;
  const { sign, m, e } = exactly(Number.isFinite(value) ? value : 1);
  let [power, rest] = [0n, 0n];
  if (!Number.isFinite(value)) {
    power = (1n << BigInt(exponent)) - 1n;
    if (Number.isNaN(value)) rest = 1n << BigInt(fraction - 1);
  } else if (m) {
    const top = lengthOf(m) - 1 + e;
    const last = Math.max(top, lowest) - fraction;
    const whole = shifted(m, e - last);
    if (top >= lowest) [power, rest] = [BigInt(top + bias), whole - (1n << BigInt(fraction))];
    else rest = whole;
  }
  const written = (number, length) => (length ? number.toString(2).padStart(length, "0") : "");
  const below = Number.isNaN(value) ? false : value < 0 || sign < 0;
  return [below || value === -Infinity ? "1" : "0", written(power, exponent), written(rest, fraction)];
}
const hexOf = (bits) => {
  const all = bits.join("");
  return `0x${BigInt(`0b${all}`).toString(16).toUpperCase().padStart(all.length / 4, "0")}`;
};

/* The next number of a format above or below a finite one. */
function beside(value, up, format) {
  const { fraction, lowest, tiny } = format;
  if (value === 0) return up ? tiny : -tiny;
  const { m, e } = exactly(value);
  const last = Math.max(lengthOf(m) - 1 + e, lowest) - fraction;
  const away = up === value > 0;
  const edge = !away && m === 1n << BigInt(lengthOf(m) - 1) && last > lowest - fraction; // below it they lie closer
  const step = powerOfTwo(edge ? last - 1 : last);
  return rounded(value + (up ? step : -step), format);
}

/* An exact number in decimals, with so many digits. */
function decimal({ sign, m, e }, digits = 6) {
  if (!m) return "0";
  let power = Math.floor((lengthOf(m) - 1 + e) * Math.LOG10E * Math.LN2);
  for (;;) {
    const scale = digits - 1 - power;
    const top = m * (scale > 0 ? 10n ** BigInt(scale) : 1n) * (e > 0 ? 1n << BigInt(e) : 1n);
    const bottom = (scale < 0 ? 10n ** BigInt(-scale) : 1n) * (e < 0 ? 1n << BigInt(-e) : 1n);
    const written = ((2n * top + bottom) / (2n * bottom)).toString();
    if (written.length > digits) power += 1;
    else if (written.length < digits) power -= 1;
    else return writtenOut(sign < 0, written, power);
  }
}

/* Digits and a power of ten as a person writes them. */
function writtenOut(below, digits, power) {
  const short = digits.replace(/0+$/, "");
  const minus = below ? "−" : "";
  if (power < -4 || power > 15) {
    const part = short.length > 1 ? `${short[0]}.${short.slice(1)}` : short;
    return `${minus}${part}e${power < 0 ? "−" : ""}${Math.abs(power)}`;
  }
  if (power < 0) return `${minus}0.${"0".repeat(-power - 1)}${short}`;
  const whole = short.slice(0, power + 1).padEnd(power + 1, "0");
  return `${minus}${whole}${short.length > power + 1 ? `.${short.slice(power + 1)}` : ""}`;
}

/* How far a value lies from the exact one, in units of its last place. */
function offBy(value, exact, format) {
  const e = Math.min(exact.e, -1074 - 60);
  const of = ({ sign, m, e: own }) => BigInt(sign) * shifted(m, own - e);
  const off = of(exactly(value)) - of(exact);
  const { m, e: own } = exactly(value === 0 ? format.tiny : value);
  const last = Math.max(lengthOf(m) - 1 + own, format.lowest) - format.fraction;
  return Number((1000n * off) / (1n << BigInt(last - e))) / 1000;
}

return { FORMATS, rounded, exactly, nearest, operate, happened, bitsOf, hexOf, beside, decimal, offBy };
})();
