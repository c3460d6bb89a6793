/* Loads what is heavy when it is wanted: MathJax when mathematics comes near the screen, the pictures of the players when
   one comes near the screen of someone who has begun to read, or is moved. What is not there yet is shown as text and
   first picture. */
(() => {
  const root = document.documentElement.dataset.content_root;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const RETRY = 3000; // ms between two tries
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

  const mathjax = once(async () => {
    window.MathJax = { ...window.MathJax, startup: { typeset: false } }; // else it begins with the whole page, wherever the reader is
    await load(`${root}_static/vendor/mathjax/tex-chtml-full.js`);
    await MathJax.startup.promise;
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

  window.setMath = (element) => /\\\(|\\\[/.test(element.textContent) && typeset([element]).catch(said);

  const players = all("[data-pictures]");
  // The pictures of the players: a list for each of them. A page has them in one script beside it.
  const pictures = once(async () => {
    await load(players[0].dataset.pictures);
    return window.movingFrames;
  });

  const labs = all("[data-lab]");
  // Layers beyond two, a second setting, a field for a function of one's own, what sets points and a second picture make
  // a lab higher: its place is kept before its script is there.
  const wanted = new URLSearchParams(location.search);
  labs.forEach(({ style }) => {
    style.setProperty("--lab-layers", Math.min(8, Math.max(0, Number(wanted.get("depth")) - 2 || 0)));
    style.setProperty("--lab-b", Number(wanted.has("b")));
    style.setProperty("--lab-own", Number(wanted.get("f") === "own"));
    style.setProperty("--lab-points", Number(wanted.get("data") === "own"));
    style.setProperty("--lab-beside", Number(Boolean(wanted.get("explore.beside"))));
  });
  // What computes in the page: its controls take the place of the picture that stands there.
  const lab = once(async () => {
    await load(labs[0].dataset.lab);
    labs.forEach((element) => window.actlabLab.mount(element));
  });

  window.loadPictures = pictures;
  window.loadWhole = () => Promise.all([wholeMath(), players.length && pictures(), labs.length && lab()]);
  window.printWhole = async () => {
    await wholeMath().catch(said); // without it the formulas are printed as they are
    window.print();
  };

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
    near(players, "100% 0px", pictures);
    near(labs, "100% 0px", lab);
    await wholeMath().catch(said);
  }, { once: true });
})();
