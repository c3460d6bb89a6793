/* Twenty starts: a setting, and perhaps a second one, from the same seeds. */

const SEEDS = 20;

/* What was found, in a sentence that claims no more than that. `names` are the settings in words. */
function verdict(found, names) {
  const { pairs, left, mean, low, high, smaller } = found;
  const seeds = `${pairs} ${pairs === 1 ? "pair" : "pairs"}`;
  const lost = `${left} of ${pairs + left} pairs have a loss that is no finite number, and are left out.`;
  const without = left ? ` ${lost}` : "";
  if (pairs < 2) return `Too few pairs to compare: ${seeds}.${without}`;
  if (low === 0 && high === 0) return `The two ended alike in each of ${seeds}.${without}`;
  const interval = `${said(low)} to ${said(high)}`;
  if (low > 0 || high < 0) {
    const [lower, more] = mean < 0 ? [names[0], smaller] : [names[1], found.larger];
    const size = said(Math.abs(mean));
    const ends = [Math.abs(low), Math.abs(high)].sort((p, q) => p - q).map((v) => said(v)).join(" to ");
    return (
      `Ends lower: ${lower}, by ${size} in the mean of ${seeds} (95 % interval ${ends}), ` +
      `and in ${more} of ${pairs}.${without}`
    );
  }
  const missed = said(Math.max(Math.abs(low), Math.abs(high)));
  return (
    `Not distinguishable: the mean of A − B over ${seeds} is ${said(mean)} (95 % interval ${interval}). ` +
    `Differences below ${missed} could not be seen.${without}`
  );
}

/* Trains each setting from each seed, some milliseconds at a time. Calls progress(done, all) in between; stops when
   stopped() is true. Returns for each setting its losses after so many updates, on fresh points or, where there
   are none, on those learned from; null if stopped. */
async function manyStarts(settings, updates, { seeds = SEEDS, progress = () => {}, stopped = () => false } = {}) {
  const losses = settings.map(() => []);
  let done = 0;
  let until = performance.now() + SLICE;
  for (let seed = 1; seed <= seeds; seed++) {
    for (const [i, setting] of settings.entries()) {
      const { trainer, test } = begun(setting, seed);
      while (trainer.steps < updates) {
        trainer.step();
        if (performance.now() < until) continue;
        progress(done + trainer.steps / updates, settings.length * seeds);
        await new Promise((resolve) => setTimeout(resolve));
        if (stopped()) return null;
        until = performance.now() + SLICE;
      }
      losses[i].push(judged(trainer.network, test ?? trainer.data).loss);
      done++;
    }
  }
  return losses;
}
const SLICE = 24; // ms of work between two looks at what the reader does

/* Median, and the middle half, of what is finite. */
function summary(losses) {
  const finite = losses.filter(Number.isFinite).sort((p, q) => p - q);
  const at = (share) => (finite.length ? quantile(finite, share) : NaN);
  return { n: losses.length, failed: losses.length - finite.length, median: at(0.5), low: at(0.25), high: at(0.75) };
}
