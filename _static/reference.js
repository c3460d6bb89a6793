/* The reference pages: a table that can be sorted, and a ledger that can be filtered. Without this script both are
   whole; with it they get their controls. */

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.actlab-table").forEach(sortable);
  const claims = [...document.querySelectorAll(".actlab-claim")];
  if (claims.length) filterable(claims);
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
