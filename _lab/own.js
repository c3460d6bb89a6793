/* What the labs of a page share: the menu of functions, and the field for one that is typed in. */

const PAUSE = 400; // ms after the last key until a text is judged

/* The catalog's functions by title, and first the reader's own. */
function functionTitles() {
  const titles = Object.entries(CATALOG).map(([name, { title }]) => [name, title]);
  return Object.fromEntries([["own", "your own …"], ...titles.sort(([, a], [, b]) => a.localeCompare(b))]);
}

/* A field for a function of z. Calls act(text) for each text that is one; of others it says what is wrong. */
function ownField(name, text, act) {
  const id = `${name}-own`;
  const fault = make("p", { id: `${id}-fault`, role: "status", class: "lab-fault" });
  const input = make("input", { id, class: "lab-link", maxlength: 2 * LONGEST, spellcheck: "false", autocomplete: "off",
    autocapitalize: "off", "aria-describedby": fault.id });
  input.value = text;
  let later;
  input.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(() => {
      if (!input.isConnected) return;
      let words = "";
      try {
        typed(input.value);
      } catch (wrong) {
        words = wrong.message;
      }
      fault.textContent = words;
      input.setAttribute("aria-invalid", words ? "true" : "false");
      if (!words) act(input.value);
    }, PAUSE);
  });
  return make("div", { class: "lab-wide" }, make("label", { for: id }, "f(z) ="), input, fault);
}
