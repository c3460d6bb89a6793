/* Softmax and what is made of it, as lists of single operations in a format. */

const programs = (() => {
const { FORMATS, rounded, exactly, nearest, operate, happened } = formats;
const MOST_LOGITS = 8;
const LONGEST_TEXT = 200;

const WANTED = { softmax: "softmax", log: "log-softmax", loss: "cross-entropy" };
const WAYS = {
  formula: "as the formula is written",
  shifted: "softmax with the largest subtracted",
  logits: "from the logits",
};
/* What can be had in which way. */
const waysTo = (want) => Object.keys(WAYS).filter((way) => want !== "softmax" || way !== "logits");

/* Logits from a text: { values } or { error, at }, the place of the first sign that is wrong, counted from 1. */
function parsedLogits(text) {
  if (text.length > LONGEST_TEXT) return { error: `longer than ${LONGEST_TEXT} signs`, at: LONGEST_TEXT + 1 };
  const values = [];
  for (const { 0: word, index } of text.matchAll(/[^\s,;]+/g)) {
    const plain = word.replaceAll("−", "-");
    const endless = /^([+-]?)(inf|infinity|∞)$/i.exec(plain);
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
    if (!endless && Number.isNaN(number)) return { error: `“${word}” is no number`, at: index + 1 };
    if (!endless && !Number.isFinite(number)) return { error: `${word} is beyond float64`, at: index + 1 };
    if (values.length === MOST_LOGITS) return { error: `more than ${MOST_LOGITS} logits`, at: index + 1 };
    values.push(endless ? (endless[1] === "-" ? -Infinity : Infinity) : number);
  }
  return values.length ? { values } : { error: "no number", at: 1 };
}

/* The steps of a program: [{ words, value, exact, what, stage, name, args }], and what it returns. */
function steps(logits, format, want, way, y = 0) {
  const done = [];
  const step = (words, stage, name, ...args) => {
    const one = { words, stage, ...operate(name, args, format) };
    done.push(one);
    return one.value;
  };
  const each = (list, make) => list.map((value, i) => make(value, i));
  let z = each(logits, (given, i) => {
    const value = rounded(given, format);
    const exact = Number.isFinite(given) ? exactly(given) : null;
    const what = happened("store", [given], value, exact, format);
    done.push({ words: `z[${i}]`, stage: "store", name: "store", args: [given], value, exact, what });
    return value;
  });
  if (way !== "formula") {
    const m = step("m = max(z)", "largest", "largest", ...z);
    z = each(z, (value, i) => step(`d[${i}] = z[${i}] − m`, "shift", "subtract", value, m));
  }
  const d = way === "formula" ? "z" : "d";
  const e = each(z, (value, i) => step(`e[${i}] = exp(${d}[${i}])`, "exp", "exp", value));
  let s = e[0];
  for (let i = 1; i < e.length; i++) {
    s = step(`s = ${i > 1 ? "s" : "e[0]"} + e[${i}]`, "sum", "add", s, e[i]);
  }
  if (e.length === 1) s = step("s = e[0]", "sum", "largest", s);
  const kept = want === "loss" ? [y] : e.map((_, i) => i);
  const ofKept = (make) => kept.map(make);
  let result;
  if (way === "logits") {
    const l = step("l = log(s)", "log", "log", s);
    result = ofKept((i) => step(`log p[${i}] = d[${i}] − l`, "result", "subtract", z[i], l));
  } else {
    result = ofKept((i) => step(`p[${i}] = e[${i}] / s`, want === "softmax" ? "result" : "divide", "divide", e[i], s));
    if (want !== "softmax") {
      result = ofKept((i, k) => step(`log p[${i}]`, want === "log" ? "result" : "log", "log", result[k]));
    }
  }
  if (want === "loss") result = [step(`loss = −log p[${y}]`, "result", "negate", result[0])];
  return { steps: done, result };
}

/* What would be right for the typed logits: in float64, from the logits, by the way that loses nothing on it. */
function rightAnswer(logits, want, y) {
  const { result } = steps(logits, FORMATS.float64, want === "softmax" ? "log" : want, "logits", y);
  return want === "softmax" ? result.map((log) => operate("exp", [log], FORMATS.float64).value) : result;
}

/* How far an answer is off, at worst. Probabilities: relative to the right one. Logarithms: absolutely up to 1, which
   is relatively in p, and relatively beyond. */
function worstOf(result, right, format, logs) {
  return Math.max(...result.map((value, i) => {
    if (value === right[i] || (Number.isNaN(right[i]) && Number.isNaN(value))) return 0;
    if (rounded(right[i], format) === value) return 0; // the nearest that there is
    if (!Number.isFinite(value)) return Infinity;
    return Math.abs(value - right[i]) / (logs ? Math.max(Math.abs(right[i]), 1) : Math.max(right[i], format.tiny));
  }));
}

const WRONG = 0.05; // as in chapter 6: a finite answer that is off by more
const LOUD = ["overflow", "invalid", "division by 0", "log of 0"];

/* Runs a program and judges it: { steps, result, right, off, verdict: "right" | "wrong" | "lost" | "none", breaks }.
   `breaks` is the step that the damage comes from, -1 where none was done. */
function judge(logits, format, want, way, y = 0) {
  const run = steps(logits, format, want, way, y);
  const right = rightAnswer(logits, want, y);
  const off = worstOf(run.result, right, format, want !== "softmax");
  const none = right.some(Number.isNaN);
  const verdict = none ? "none" : off === Infinity ? "lost" : off > WRONG ? "wrong" : "right";
  const breaks = verdict === "wrong" || verdict === "lost" ? cause(run.steps) : -1;
  return { ...run, right, off, verdict, breaks };
}

/* The step that spoils a result: the first that leaves the numbers of the format; else the first that becomes 0;
   else the one that was moved the most. */
function cause(all) {
  for (const kinds of [LOUD, ["underflow"]]) {
    const at = all.findIndex(({ what }) => kinds.includes(what));
    if (at >= 0) return at;
  }
  const moved = all.map(({ value, exact, stage }) =>
    exact && ["store", "shift"].includes(stage) ? Math.abs(value - nearest(exact, FORMATS.float64)) : 0);
  const most = Math.max(...moved);
  if (most > 0.01) return moved.indexOf(most);
  return all.findIndex(({ what }) => what === "subnormal" || what === "rounded");
}

return { WANTED, WAYS, MOST_LOGITS, waysTo, parsedLogits, steps, rightAnswer, judge };
})();
