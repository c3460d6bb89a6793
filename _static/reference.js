/* Tables that can be sorted, a ledger that can be filtered, a guide that asks, and what is folded, which a link to it
   opens. Without this script all of them are whole; with it they get their controls. */

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.actlab-table, table.actlab-sortable").forEach(sortable);
  const claims = [...document.querySelectorAll(".actlab-claim")];
  if (claims.length) filterable(claims);
  document.querySelectorAll(".actlab-guide").forEach(choosing);
  openTarget();
  window.addEventListener("hashchange", openTarget);
  // a second click on one link changes no address
  document.querySelectorAll('a[href^="#source-"]').forEach((link) => link.addEventListener("click", () => setTimeout(openTarget)));
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

// A link to a claim opens it, and so does one to a source the fold that it lies in.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches(".actlab-definition")) {
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  }
  if (!target?.matches(".actlab-claim")) return;
  target.hidden = false;
  target.querySelector("details").open = true;
  target.scrollIntoView();
}

// The choosing guide: one question first, then those that an answer still depends on; the answer that fits best stands
// below them, the others in their groups.
const FEW = 4; // so many are shown as the best, and more are not told apart yet

function choosing(guide) {
  const questions = JSON.parse(guide.dataset.questions);
  const aside = guide.dataset.aside.split("|");
  const groups = [...guide.querySelectorAll(".actlab-group")];
  const leaves = [...guide.querySelectorAll(".actlab-leaf")];
  const home = new Map(leaves.map((leaf) => [leaf, leaf.closest(".actlab-group")]));
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
      label.dataset.value = value;
      part.append(label);
    }
    return part;
  });
  const more = document.createElement("details"); // the questions that need no answer
  const ask = document.createElement("summary");
  ask.textContent = "More questions";
  more.append(ask);
  form.append(...parts, more);
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
  const found = document.createElement("section"); // what fits best
  found.className = "actlab-found";
  const title = document.createElement("h3");
  title.textContent = "What fits best";
  found.append(title);
  guide.before(form);
  guide.prepend(found);

  // what a leaf does not name does not matter to it
  const possible = (leaf, choices) =>
    Object.entries(choices).every(([key, value]) => !value || !leaf.dataset[key] || leaf.dataset[key].split("|").includes(value));
  // of the answers on asides those are shown that were asked for, or all where nothing was
  const fits = (leaf, choices) =>
    possible(leaf, choices) &&
    (Object.values(choices).every((value) => !value) || aside.every((key) => !leaf.dataset[key] || choices[key]));
  const without = (key) => ({ ...chosen, [key]: "" });
  const answers = (n) => `${n} ${n === 1 ? "answer" : "answers"}`;
  // the nearest names most of the choices and, among such, depends on fewest questions that are open
  const distance = (leaf) => {
    const names = questions.filter(([key]) => leaf.dataset[key]).length;
    const named = questions.filter(([key]) => chosen[key] && leaf.dataset[key]).length;
    return names - named - 100 * named;
  };

  function show() {
    const any = Object.values(chosen).some(Boolean);
    const left = leaves.filter((leaf) => fits(leaf, chosen));
    const least = Math.min(...left.map(distance));
    const nearest = left.filter((leaf) => distance(leaf) === least);
    const best = any && nearest.length <= FEW ? nearest : [];
    for (const leaf of leaves) {
      leaf.hidden = !left.includes(leaf);
      leaf.querySelector("details").open = best.length === 1 && best[0] === leaf;
      (best.includes(leaf) ? found : home.get(leaf)).append(leaf);
    }
    found.hidden = !best.length;
    for (const group of groups) {
      group.open = false;
      group.hidden = ![...group.querySelectorAll(".actlab-leaf")].some((leaf) => !leaf.hidden);
    }
    questions.forEach(([key], i) => {
      const ready = (leaf) => questions.slice(0, i).every(([earlier]) => chosen[earlier] || !leaf.dataset[earlier]);
      const open = leaves.filter((leaf) => leaf.dataset[key] && possible(leaf, without(key)) && ready(leaf));
      parts[i].hidden = !chosen[key] && !(open.length && (any || i === 0)) && !parts[i].contains(document.activeElement);
      // an answer that leads nowhere is not offered
      for (const label of parts[i].querySelectorAll("label")) {
        const { value } = label.dataset;
        const leads = open.some((leaf) => leaf.dataset[key].split("|").includes(value));
        label.hidden = value !== "" && value !== chosen[key] && !leads;
      }
      // once one answer is left to show first, what is still open may be asked, and need not
      const later = !chosen[key] && !parts[i].contains(document.activeElement) && (best.length === 1 || aside.includes(key));
      const place = later ? more : form;
      if (parts[i].parentElement !== place)
        place.insertBefore(parts[i], parts.slice(i + 1).find((part) => part.parentElement === place) ?? (later ? null : more));
    });
    more.hidden = ![...more.querySelectorAll("fieldset")].some((part) => !part.hidden);
    const others = left.length - best.length;
    if (best.length) {
      const more = others ? `, ${others} more below` : "";
      count.textContent = `${answers(best.length)} ${best.length === 1 ? "fits" : "fit"} best${more}.`;
    } else {
      count.textContent = `${answers(left.length)}, in groups.`;
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
    const group = target.closest(".actlab-group");
    if (group) {
      group.hidden = false;
      group.open = true;
    }
    target.scrollIntoView();
  };
  show();
  follow();
  window.addEventListener("hashchange", follow);
}
