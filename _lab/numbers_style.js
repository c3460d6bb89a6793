/* The look of what only the numbers lab has. */

const NUMBERS_STYLE = `
.actlab-lab .lab-logits { width: 100%; min-height: 2.25rem; padding: 0 0.5rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; }
.actlab-lab .lab-logits[aria-invalid="true"] { border: 2px dashed var(--ink); }
.actlab-lab .lab-logits:focus-visible, .actlab-lab .lab-steps:focus-visible { outline: 3px solid var(--mark);
  outline-offset: 2px; }
.actlab-lab .lab-outcome { min-height: 4.2em; overflow-wrap: anywhere; }
.actlab-lab .lab-now { min-height: 11rem; padding: 0.4rem 0.7rem; border: 1px solid var(--quiet); border-radius: 4px;
  background: var(--raised); overflow-wrap: anywhere; }
.actlab-lab .lab-pattern-now { display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem; }
.actlab-lab .lab-field > span:first-child { display: block; font-size: 0.8rem; }
.actlab-lab .lab-bits { display: flex; flex-wrap: wrap; }
.actlab-lab .lab-bits b { width: 0.95rem; margin: 0 -1px -1px 0; border: 1px solid var(--quiet); text-align: center;
  font: 0.8rem/1.35 monospace; }
.actlab-lab .lab-exponent b { background: var(--ground); border-style: dashed; font-weight: 700; }
.actlab-lab .lab-steps { height: 24rem; margin: 0.6rem 0; overflow-y: auto; border: 1px solid var(--quiet);
  border-radius: 4px; position: relative; padding: 0 0.5rem; }
.actlab-lab .lab-steps th:first-child { width: 3.4rem; padding-left: 0.3rem; }
.actlab-lab .lab-steps :is(th, td) { text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.actlab-lab .lab-steps :is(th, td):nth-child(2) { width: 30%; }
.actlab-lab .lab-steps :is(th, td):nth-child(4) { width: 22%; }
.actlab-lab .lab-steps tbody tr { cursor: pointer; }
.actlab-lab .lab-steps tr[aria-current] { background: var(--raised); box-shadow: inset 4px 0 var(--mark); }
.actlab-lab .lab-breaks :is(th, td) { font-weight: 700; }
.actlab-lab .lab-pattern { display: block; font: 0.72rem/1.3 monospace; color: var(--quiet); }
.actlab-lab .lab-overview th:first-child { width: 6.5rem; font-weight: 600; }
.actlab-lab .lab-overview :is(th, td) { text-align: left; }
.actlab-lab .lab-overview td[aria-current] { font-weight: 700; text-decoration: underline; }
@media (max-width: 640px) {
  .actlab-lab .lab-now { min-height: 17rem; }
  .actlab-lab .lab-outcome { min-height: 7em; }
  .actlab-lab .lab-overview th:first-child { width: 5.2rem; }
}
@media (pointer: coarse), (max-width: 640px) { .actlab-lab .lab-logits { min-height: 2.75rem; } }
`;
