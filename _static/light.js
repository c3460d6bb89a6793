/* Loads what is heavy when it is wanted: MathJax when mathematics comes near the screen, the views of the widgets when
   one comes near the screen of someone who has begun to read. What is not there yet is shown as text and still figure. */
(() => {
  const root = document.documentElement.dataset.content_root;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  // Safari has no idle callback
  const idle = () => new Promise((resolve) => window.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 100 }) : setTimeout(resolve));

  const once = (make) => {
    let made;
    return () => (made ??= make());
  };

  const load = (address) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.onload = resolve;
      script.onerror = reject;
      script.src = address;
      document.head.append(script);
    });

  const near = (elements, margin, wanted) => {
    const watch = new IntersectionObserver(
      (entries) => {
        const here = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
        here.forEach((element) => watch.unobserve(element));
        if (here.length) wanted(here);
      },
      { rootMargin: margin },
    );
    elements.forEach((element) => watch.observe(element));
  };

  // The widgets typeset through MathJax 2's queue.
  const Hub = { Queue: ([, , element]) => /\\\(|\\\[|\$/.test(element.textContent) && typeset([element]) };
  window.MathJax = { ...window.MathJax, startup: { typeset: false }, Hub };

  const mathjax = once(async () => {
    await load(`${root}_static/vendor/mathjax/tex-chtml-full.js`);
    await MathJax.startup.promise;
    MathJax.Hub = Hub;
  });
  // Safari alone does not hold what is read in its place while something above it grows or shrinks.
  const anchored = CSS.supports("overflow-anchor: auto");
  const inPlace = async (change) => {
    const read = !anchored && all(".bd-article :is(h1, h2, h3, p, li)").find((e) => e.getBoundingClientRect().top > 0);
    const place = () => read.getBoundingClientRect().top + scrollY; // on the page, so that the reader may go on scrolling
    const before = read && place();
    await change();
    if (read && place() !== before) scrollBy({ top: place() - before, behavior: "instant" });
  };

  let last = Promise.resolve();
  const typeset = (elements) => {
    const left = () => elements.filter((element) => element.isConnected);
    last = last.then(mathjax).then(() => inPlace(() => MathJax.typesetPromise(left())));
    return last;
  };
  const untypeset = () => all(".math").filter((element) => !element.querySelector("mjx-container"));
  const wholeMath = async () => {
    for (let rest; (rest = untypeset()).length; ) {
      await typeset(rest.slice(0, 25));
      await idle();
    }
  };

  const stills = all(".actlab-first");
  const views = once(async () => {
    const page = location.pathname.replace(/^.*\//, "").replace(/(\.html)?$/, "");
    await load(`${page}.widgets.js`);
    const state = document.createElement("script");
    state.type = "application/vnd.jupyter.widget-state+json";
    state.textContent = JSON.stringify(window.widgetState);
    document.body.append(state);
    await load(`${root}_static/vendor/html-manager/embed.js`);
    // it waits for the page to be loaded, which it is
    window.dispatchEvent(new Event("load"));
    while (stills.some((still) => !still.parentElement.querySelector(".widget-subarea > *"))) await pause(20);
    stills.forEach((still) => still.remove());
  });

  window.loadWhole = () => Promise.all([wholeMath(), stills.length && views()]);
  window.printWhole = async () => {
    await wholeMath();
    window.print();
  };

  for (const still of stills) {
    still.querySelector(":scope > p button")?.addEventListener("click", async () => {
      const place = still.parentElement;
      await views();
      place.querySelector("input, button, [tabindex='0']")?.focus();
    });
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "p" && untypeset().length) {
      event.preventDefault();
      window.printWhole();
    }
  });

  // The theme lets the keyboard reach what scrolls; what has just been opened or drawn is measured with the window.
  for (const sign of ["toggle", "contentvisibilityautostatechange"]) {
    document.addEventListener(sign, () => window.dispatchEvent(new Event("resize")), true);
  }

  const begun = new Promise((resolve) => {
    for (const sign of ["pointerdown", "pointermove", "keydown", "touchstart", "wheel", "focusin"]) {
      window.addEventListener(sign, resolve, { once: true, passive: true, capture: true });
    }
  });

  window.addEventListener("load", async () => {
    await idle();
    near(all(".math"), "0px", typeset);
    await begun;
    near(stills, "100% 0px", views);
    await wholeMath();
  }, { once: true });
})();
