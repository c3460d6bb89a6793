/* What ipywidgets' views need to live in this theme. Loaded on every page, before the theme's own scripts. */

// The theme's Font Awesome replaces every <i> by an <svg>; Play keeps hold of its <i> and would throw at each step.
window.FontAwesomeConfig = { autoReplaceSvg: "nest" };

// The views typeset through MathJax 2's queue; the page has MathJax 3. It is there once the page is parsed.
document.addEventListener("DOMContentLoaded", () => {
  if (window.MathJax && !MathJax.Hub) {
    MathJax.Hub = {
      Queue: ([, , element]) => MathJax.startup.promise.then(() => MathJax.typesetPromise([element])),
    };
  }
});
