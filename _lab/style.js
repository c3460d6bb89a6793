/* The look of the lab: the colours are the page's, and the system's where the page names none. */

const STYLE = `
.actlab-lab { --ink: var(--pst-color-text-base, CanvasText); --quiet: var(--pst-color-text-muted, GrayText);
  --ground: var(--pst-color-background, Canvas); --raised: var(--pst-color-surface, Canvas);
  --mark: var(--pst-color-primary, Highlight); max-width: 46rem; margin: 0 0 1.5rem; color: var(--ink);
  font-size: 0.95rem; }
.actlab-lab * { box-sizing: border-box; }
.actlab-lab-stage { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.75rem 1.5rem; }
.actlab-lab-row { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: center; margin: 0 0 0.5rem; }
.actlab-lab button { min-height: 2.25rem; padding: 0 0.75rem; font: inherit; color: var(--ink); cursor: pointer;
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 1.4rem; }
.actlab-lab button[aria-pressed="true"] { color: var(--ground); background: var(--ink); border-color: var(--ink); }
.actlab-lab .lab-pointing { cursor: crosshair; touch-action: manipulation; }
.actlab-lab .lab-points { margin-top: 0.5rem; }
.actlab-lab .lab-points [role="status"] { min-height: 1.4em; }
.actlab-lab button.lab-main { min-width: 5.2rem; color: var(--ground); background: var(--mark);
  border-color: var(--mark); font-weight: 600; }
.actlab-lab button[disabled] { opacity: 0.5; cursor: default; }
.actlab-lab canvas { display: block; width: 100%; max-width: 26rem; aspect-ratio: 1;
  border: 1px solid var(--quiet); border-radius: 4px; }
.bd-content .actlab-lab p, .actlab-lab p { margin: 0.35rem 0; line-height: 1.4; }
.actlab-lab-settings { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0.35rem 0.75rem;
  align-content: start; }
.actlab-lab-settings > .lab-wide { grid-column: 1 / -1; }
.actlab-lab label { display: block; margin: 0; font-size: 0.85rem; font-weight: 600; line-height: 1.3; }
.actlab-lab select { width: 100%; min-height: 2.25rem; padding: 0 0.3rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; }
.actlab-lab-slider > div { display: flex; gap: 0.5rem; align-items: center; }
.actlab-lab-slider input { flex: 1 1 4rem; min-width: 3rem; width: 4rem; height: 2rem; margin: 0;
  accent-color: var(--mark); cursor: pointer; }
.actlab-lab-slider output { flex: none; min-width: 2.2rem; text-align: right; font-variant-numeric: tabular-nums; }
.actlab-lab-function { display: flex; gap: 0.6rem; align-items: end; }
.actlab-lab-function > div { flex: 1 1 auto; min-width: 0; }
.actlab-lab-function svg { flex: none; width: 4rem; height: 3rem; border: 1px solid var(--quiet);
  border-radius: 4px; }
.actlab-lab svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
.actlab-lab .lab-axis { fill: none; stroke: var(--quiet); stroke-width: 1; }
.actlab-lab .lab-curve { fill: none; stroke-width: 2.2; }
.actlab-lab .lab-train { fill: none; stroke-width: 2.4; }
.actlab-lab .lab-test { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 4 2; }
.actlab-lab .lab-key { display: inline-block; width: 2rem; height: 0; margin-right: 0.3rem;
  vertical-align: middle; border-top: 3px solid; }
.actlab-lab .lab-key-test { border-top: 2px dashed var(--ink); }
.actlab-lab .lab-numbers, .actlab-lab td, .actlab-lab output { font-variant-numeric: tabular-nums; }
.actlab-lab .lab-numbers { min-height: 2.8em; }
.actlab-lab-losses { margin-top: 0.5rem; }
.actlab-lab-losses svg { display: block; width: 100%; height: auto; }
.actlab-lab table { display: table; width: 100%; margin: 0.5rem 0; font-size: 0.82rem; border-collapse: collapse;
  table-layout: fixed; color: var(--ink); }
.actlab-lab caption { caption-side: top; padding: 0; text-align: left; color: var(--ink); }
.actlab-lab :is(th, td) { padding: 0.15rem 0.3rem; border: none;
  border-bottom: 1px solid var(--pst-color-border, ButtonBorder);
  text-align: right; vertical-align: bottom; line-height: 1.25; }
.actlab-lab th:first-child { width: 2.6rem; padding-left: 0; text-align: left; }
.actlab-lab .lab-mixed th:first-child { width: 17%; overflow-wrap: anywhere; }
.actlab-lab .lab-mixed :is(th, td).lab-hist { width: 24%; }
.actlab-lab .lab-layers { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr));
  gap: 0.35rem 0.75rem; }
.actlab-lab .lab-layers > .lab-wide { grid-column: 1 / -1; }
.actlab-lab :is(th, td).lab-hist { width: 27%; padding: 0.15rem 0.6rem; text-align: center; }
.actlab-lab :is(th, td).lab-words { width: 34%; text-align: left; }
.actlab-lab td svg { display: block; width: 100%; height: 1.5rem; }
.actlab-lab-result:empty, .actlab-lab .lab-said:empty { display: none; }
.actlab-lab-result svg { display: block; width: 100%; max-width: 34rem; height: auto; }
.actlab-lab .lab-dot { fill-opacity: 0.75; }
.actlab-lab .lab-dot-a { fill: var(--mark); }
.actlab-lab .lab-dot-b { fill: var(--ground); stroke: var(--ink); stroke-width: 1.4; }
.actlab-lab .lab-median { stroke: var(--ink); stroke-width: 2.5; }
.actlab-lab .lab-half { stroke: var(--ink); stroke-width: 1.5; }
.actlab-lab .lab-letter { font-weight: 700; font-size: 14px; }
.actlab-lab .lab-part { margin-top: 1rem; padding-top: 0.6rem;
  border-top: 2px solid var(--pst-color-border, ButtonBorder); }
.actlab-lab .lab-title { font-weight: 700; font-size: 1.1rem; }
.actlab-lab summary { min-height: 28px; cursor: pointer; align-content: center; }
.actlab-lab .lab-link { width: 100%; min-height: 2.25rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--quiet); }
.actlab-lab .lab-fault { min-height: 2.8em; }
.actlab-lab [aria-invalid="true"] { border: 2px solid var(--ink); border-left-width: 6px; }
.actlab-lab .lab-row-end { align-self: end; }
.actlab-lab .lab-slope, .actlab-lab .lab-back { fill: none; stroke-width: 1.8; stroke-dasharray: 6 3; }
.actlab-lab .lab-slope { stroke: var(--ink); }
.actlab-lab .lab-bend { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: 1.5 2.5; }
.actlab-lab .lab-here, .actlab-lab .lab-limit { fill: none; stroke: var(--quiet); stroke-dasharray: 2 4; }
.actlab-lab .lab-kink { fill: var(--ground); stroke: var(--ink); stroke-width: 1.6; }
.actlab-lab .lab-thin { stroke-width: 1.4; }
.actlab-lab .lab-key-dashed { border-top: 2px dashed; }
.actlab-lab .lab-key-dotted { border-top: 2px dotted; }
.actlab-lab .lab-part > div > svg, .actlab-lab-stage > div > div > svg { display: block; width: 100%; height: auto; }
.actlab-lab .lab-facts th:first-child { width: 32%; }
.actlab-lab .lab-formats th:first-child { width: 22%; }
.actlab-lab :is(.lab-facts, .lab-formats) :is(th, td) { overflow-wrap: anywhere; }
.actlab-lab .lab-heard { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
.actlab-lab :is(button, select, input, summary, canvas):focus-visible { outline: 3px solid var(--mark);
  outline-offset: 2px; }
@media (max-width: 640px) {
  .actlab-lab-stage { grid-template-columns: minmax(0, 1fr); }
  .actlab-lab table { font-size: 0.75rem; }
  .actlab-lab :is(th, td) { padding: 0.15rem 0.15rem; }
  .actlab-lab .lab-mixed th:first-child { width: 21%; }
  .actlab-lab .lab-mixed :is(th, td).lab-hist { width: 22%; padding: 0.15rem; }
}
@media (pointer: coarse), (max-width: 640px) {
  .actlab-lab button, .actlab-lab select { min-height: 2.75rem; }
  .actlab-lab-slider input { height: 2.75rem; }
}
`;
