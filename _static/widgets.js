/* Names and roles that ipywidgets and the theme leave out, for those who listen to a page or use its keyboard. */
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = (element) => (element ? element.textContent.trim() : "");

  // setting what is set already would wake the observer for ever
  const set = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value && element.getAttribute(name) !== value) element.setAttribute(name, value);
    }
  };

  const own = (widget) => words(widget.querySelector(":scope > .widget-label"));
  const ofBox = (element) => {
    const box = element.closest(".actlab-player, .actlab-quiz, .widget-vbox, .widget-hbox, .cell_output");
    return box ? words(box.querySelector(".actlab-question")) || all(".widget-label", box).map(words).find(Boolean) : "";
  };
  const name = (widget) => own(widget) || ofBox(widget) || "choose";

  let groups = 0;

  const describe = () => {
    all(".widget-label[title=null]").forEach((label) => label.removeAttribute("title"));
    for (const slider of all(".widget-slider")) {
      const readout = slider.querySelector(".widget-readout");
      for (const handle of all(".noUi-handle", slider)) {
        set(handle, { "aria-label": name(slider), "aria-valuetext": words(readout) });
      }
      if (readout) set(readout, { contenteditable: "false" });
    }
    for (const play of all(".widget-play")) {
      const [start, stop, repeat] = all("button", play);
      const label = start.querySelector(".fa-pause") ? "Pause" : "Play";
      set(start, { "aria-label": label });
      set(stop, { "aria-label": "Stop, back to the first" });
      set(repeat, { "aria-label": "Repeat" });
    }
    for (const radio of all(".widget-radio")) {
      set(radio.querySelector(".widget-radio-box"), { role: "radiogroup", "aria-label": name(radio) });
      // a name in common makes the choices one group for the arrow keys
      const inputs = all("input", radio);
      const group = inputs.find((input) => input.name)?.name || `choice-${++groups}`;
      inputs.forEach((input) => set(input, { name: group }));
    }
    for (const toggles of all(".widget-toggle-buttons")) {
      set(toggles.querySelector(":scope > div"), { role: "group", "aria-label": name(toggles) });
      for (const button of all("button", toggles)) {
        set(button, { "aria-pressed": String(button.classList.contains("mod-active")) });
      }
    }
    for (const field of all(".jupyter-widgets > :is(select, input, textarea)")) {
      if (!field.labels.length) set(field, { "aria-label": name(field.parentElement) });
    }
    for (const image of all("img.widget-image:not([alt])")) set(image, { alt: ofBox(image) || "picture" });
    for (const player of all(".actlab-player")) {
      set(player, { role: "group", "aria-label": `Figure with controls: ${ofBox(player)}` });
    }
    for (const quiz of all(".actlab-quiz")) {
      set(quiz, { role: "group", "aria-label": ofBox(quiz) });
      if (quiz.lastElementChild) set(quiz.lastElementChild, { "aria-live": "polite" });
    }

    // The theme's column is no landmark, though its logo and its search stand nowhere else.
    set(document.getElementById("pst-primary-sidebar"), { role: "complementary", "aria-label": "The book" });
    // The theme names these otherwise than they read.
    all("button.search-button-field[aria-label], summary[aria-label]").forEach((e) => e.removeAttribute("aria-label"));
    // entries of a bibliography are no list items, so that it is no list to those who only listen
    // (and the role of an entry is one that the standard has given up)
    all(".citation-list[role=list], .citation[role]").forEach((element) => element.removeAttribute("role"));
  };

  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      describe();
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    soon();
    const attributeFilter = ["class", "aria-valuetext"];
    new MutationObserver(soon).observe(document.body, { subtree: true, childList: true, attributeFilter });
  });
})();
