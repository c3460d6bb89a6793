/* The reference pages: a table that can be sorted, and a ledger that can be filtered. Without this script both are
   whole; with it they get their controls. */

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.actlab-table").forEach(sortable);
  const claims = [...document.querySelectorAll(".actlab-claim")];
  if (claims.length) filterable(claims);
  document.querySelectorAll(".actlab-guide").forEach(choosing);
  openTarget();
  window.addEventListener("hashchange", openTarget);
});

function sortable(table) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column], up));
      body.append(...rows);
    });
  });
}

// Numbers by their size, words by the alphabet; what has no number stands last, up or down.
function compare(a, b, up) {
  const [x, y] = [a, b].map((cell) => cell.dataset.value ?? cell.textContent.trim());
  const [p, q] = [x, y].map((text) => (text === "" ? NaN : Number(text)));
  const order = up ? 1 : -1;
  if (x === y) return 0;
  if (a.dataset.value !== undefined) {
    if (isNaN(p) || isNaN(q)) return isNaN(p) - isNaN(q);
    return order * (p < q ? -1 : 1);
  }
  return order * x.localeCompare(y);
}

function filterable(claims) {
  const parts = [...document.querySelectorAll(".actlab-ledger")];
  const asked = new URLSearchParams(location.search);
  const form = document.createElement("form");
  form.className = "actlab-filter";
  form.setAttribute("aria-label", "Choose which claims are shown");
  form.addEventListener("submit", (event) => event.preventDefault());

  const chosen = { verdict: "verdict", topic: "chapter", activation: "activation" };
  const controls = Object.entries(chosen).map(([key, word]) => {
    const there = new Set(claims.flatMap((claim) => claim.dataset[key].split("|").filter(Boolean)));
    const values = key === "activation" ? [...there].sort() : [...there];
    const select = document.createElement("select");
    select.append(new Option(`every ${word}`, ""), ...values.map((value) => new Option(value, value)));
    if (there.has(asked.get(key))) select.value = asked.get(key);
    form.append(labelled(word, select));
    return [key, select];
  });
  const search = document.createElement("input");
  search.type = "search";
  search.value = asked.get("text") ?? "";
  form.append(labelled("words", search));
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  form.append(count);
  parts[0].closest("section").before(form);

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const claim of claims) {
      const text = claim.textContent.toLowerCase();
      const fits =
        controls.every(([key, select]) => !select.value || claim.dataset[key].split("|").includes(select.value)) &&
        words.every((word) => text.includes(word));
      claim.hidden = !fits;
      left += fits;
    }
    // the heading goes with its claims
    for (const part of parts) part.closest("section").hidden = !part.querySelector(".actlab-claim:not([hidden])");
    count.textContent = `${left} of ${claims.length} claims`;
  }
  form.addEventListener("input", show);
  show();
}

function labelled(word, control) {
  const label = document.createElement("label");
  control.id = `actlab-filter-${word}`;
  label.htmlFor = control.id;
  label.append(word);
  const pair = document.createElement("span");
  pair.append(label, " ", control);
  return pair;
}

// A link to a claim opens it.
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.matches(".actlab-claim")) return;
  target.hidden = false;
  target.querySelector("details").open = true;
  target.scrollIntoView();
}

// The choosing guide: a question narrows the answers, and is asked only while one of them depends on it.
const FEW = 4; // so many answers are shown opened

function choosing(guide) {
  const questions = JSON.parse(guide.dataset.questions);
  const aside = guide.dataset.aside.split("|");
  const leaves = [...guide.querySelectorAll(".actlab-leaf")];
  const asked = new URLSearchParams(location.search);
  const chosen = {};
  const form = document.createElement("form");
  form.className = "actlab-choices";
  form.setAttribute("aria-label", "Choose your situation");
  form.addEventListener("submit", (event) => event.preventDefault());

  const parts = questions.map(([key, asks, answers]) => {
    const part = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = asks;
    part.append(legend);
    if (answers.some(([value]) => value === asked.get(key))) chosen[key] = asked.get(key);
    for (const [value, words] of [["", "any, or not sure"], ...answers]) {
      const label = document.createElement("label");
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = `actlab-choice-${key}`;
      radio.value = value;
      radio.checked = value === (chosen[key] ?? "");
      radio.addEventListener("change", () => {
        chosen[key] = value;
        show();
      });
      label.append(radio, " ", words);
      part.append(label);
    }
    form.append(part);
    return part;
  });
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Start again";
  again.addEventListener("click", () => {
    for (const part of parts) part.querySelector("input").checked = true;
    for (const key in chosen) chosen[key] = "";
    show();
    parts[0].querySelector("input").focus();
  });
  const said = document.createElement("div");
  said.append(count, again);
  form.append(said);
  guide.before(form);

  // what a leaf does not name does not matter to it
  const possible = (leaf, choices) =>
    Object.entries(choices).every(([key, value]) => !value || !leaf.dataset[key] || leaf.dataset[key].split("|").includes(value));
  // of the answers on asides those are shown that were asked for, or all where nothing was
  const fits = (leaf, choices) =>
    possible(leaf, choices) &&
    (Object.values(choices).every((value) => !value) || aside.every((key) => !leaf.dataset[key] || choices[key]));
  const without = (key) => ({ ...chosen, [key]: "" });
  const answers = (n) => `${n} ${n === 1 ? "answer" : "answers"}`;

  function show() {
    const left = leaves.filter((leaf) => fits(leaf, chosen));
    for (const leaf of leaves) {
      leaf.hidden = !left.includes(leaf);
      leaf.querySelector("details").open = left.length <= FEW;
    }
    // those that name more of the choices are nearer to them; the sort keeps the order among equals
    const near = (leaf) => questions.filter(([key]) => chosen[key] && leaf.dataset[key]).length;
    guide.append(...[...leaves].sort((a, b) => near(b) - near(a)));
    questions.forEach(([key], i) => {
      const matters = chosen[key] || leaves.some((leaf) => leaf.dataset[key] && possible(leaf, chosen));
      parts[i].hidden = !matters && !parts[i].contains(document.activeElement);
    });
    if (left.length) {
      count.textContent = `${left.length} of ${answers(leaves.length)}.`;
    } else {
      const ways = questions
        .map(([key, asks]) => [asks, chosen[key] ? leaves.filter((leaf) => fits(leaf, without(key))).length : 0])
        .filter(([, n]) => n)
        .map(([asks, n]) => `With “any” for “${asks}” there ${n === 1 ? "is" : "are"} ${answers(n)}.`);
      count.textContent = ["No answer: this book has no evidence on that combination.", ...ways].join(" ");
    }
    const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value)).toString();
    // a page that was opened as a file may not change its address
    if (location.protocol !== "file:" && query !== location.search.slice(1))
      history.replaceState(null, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
  }
  // a link to an answer shows it, whatever was chosen
  const follow = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!leaves.includes(target)) return;
    target.hidden = false;
    target.querySelector("details").open = true;
    target.scrollIntoView();
  };
  show();
  follow();
  window.addEventListener("hashchange", follow);
}
