/* Loads what is heavy when it is wanted: MathJax when mathematics comes near the screen, the views of the widgets when
   one comes near the screen of someone who has begun to read. What is not there yet is shown as text and still figure. */
(() => {
  const root = document.documentElement.dataset.content_root;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const RETRY = 3000; // ms between two tries
  const LONGEST = 20000; // ms that the widgets of a page may take: some seconds on a slow phone
  const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
  // Safari has no idle callback
  const idle = () => new Promise((resolve) => window.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 100 }) : setTimeout(resolve));

  // what failed is tried again when it is wanted again
  const once = (make) => {
    let made;
    return () => (made ??= make().catch((reason) => {
      made = undefined;
      throw reason;
    }));
  };

  const loaded = new Set(); // a script is run once, also where what comes after it is tried again
  const load = (address) => loaded.has(address) ||
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.onload = () => resolve(loaded.add(address));
      script.onerror = () => {
        script.remove();
        reject(new Error(`${address} did not load`));
      };
      script.src = address;
      document.head.append(script);
    });

  const said = (reason) => console.warn(reason);

  // Calls `wanted` with those of the elements that come near, and again a few times where it fails.
  const near = (elements, margin, wanted) => {
    let tries = 5;
    const watch = new IntersectionObserver(
      async (entries) => {
        const here = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
        here.forEach((element) => watch.unobserve(element));
        if (!here.length) return;
        try {
          await wanted(here);
        } catch (reason) {
          said(reason);
          await pause(RETRY);
          if (tries-- > 0) here.forEach((element) => watch.observe(element));
        }
      },
      { rootMargin: margin },
    );
    elements.forEach((element) => watch.observe(element));
  };

  // The widgets typeset through MathJax 2's queue.
  const Hub = { Queue: ([, , element]) => /\\\(|\\\[|\$/.test(element.textContent) && typeset([element]).catch(said) };
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
  // Rejects where MathJax is not to be had; a formula that it fails at is told of, and left as it is.
  const typeset = (elements) => {
    const set = async () => {
      await mathjax();
      const there = elements.filter((element) => element.isConnected);
      await inPlace(async () => {
        try {
          await MathJax.typesetPromise(there);
        } catch {
          for (const element of there) await MathJax.typesetPromise([element]).catch(said);
        }
      });
    };
    const done = last.then(set);
    last = done.catch(() => {}); // one after the other, whatever becomes of those before
    return done;
  };
  const untypeset = () => all(".math").filter((element) => !element.querySelector("mjx-container"));
  const wholeMath = async () => {
    const tried = new Set();
    for (let rest; (rest = untypeset().filter((element) => !tried.has(element))).length; ) {
      const some = rest.slice(0, 25);
      some.forEach((element) => tried.add(element));
      await typeset(some);
      await idle();
    }
  };

  const stills = all(".actlab-first");
  const views = once(async () => {
    const page = location.pathname.replace(/^.*\//, "").replace(/(\.html)?$/, "");
    await load(`${page}.widgets.js`);
    const type = "application/vnd.jupyter.widget-state+json";
    if (!document.querySelector(`script[type="${type}"]`)) {
      const state = document.createElement("script");
      state.type = type;
      state.textContent = JSON.stringify(window.widgetState);
      document.body.append(state);
    }
    await load(`${root}_static/vendor/html-manager/embed.js`);
    // it waits for the page to be loaded, which it is
    window.dispatchEvent(new Event("load"));
    // one that fails keeps its still, and holds up nobody for longer than this
    await Promise.race([Promise.all(stills.map(replaced)), pause(LONGEST)]);
  });
  const CONTROL = "input, button, select, [tabindex='0']";
  const replaced = (still) =>
    new Promise((resolve) => {
      const place = still.parentElement;
      const look = () => {
        // a view is in the page before what is in it
        if (still.isConnected && !place.querySelector(`.widget-subarea :is(${CONTROL})`)) return;
        watch.disconnect();
        still.remove();
        resolve();
      };
      const watch = new MutationObserver(look);
      if (place) watch.observe(place, { childList: true, subtree: true });
      look();
    });

  window.loadWhole = () => Promise.all([wholeMath(), stills.length && views()]);
  window.printWhole = async () => {
    await wholeMath().catch(said); // without it the formulas are printed as they are
    window.print();
  };

  for (const still of stills) {
    still.querySelector(":scope > p button")?.addEventListener("click", async () => {
      const place = still.parentElement;
      const coming = views();
      coming.catch(said);
      await Promise.race([coming, replaced(still)]);
      place.querySelector(CONTROL)?.focus();
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
    await wholeMath().catch(said);
  }, { once: true });
})();
