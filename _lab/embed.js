/* A lab has its state from the address of its page; in a notebook, where the address is not its own, from what the
   package wrote into it. */

const LABS = {}; // what an element's data-kind may name

const isEmbedded = (root) => root.dataset.state !== undefined;
const givenState = (root) => new URLSearchParams(isEmbedded(root) ? JSON.parse(root.dataset.state) : location.search);

/* What to hand on: a link, or in a notebook the call that makes this lab. */
function handedOn(root, kind, query) {
  if (isEmbedded(root)) return [asCall(kind, query), "The call that makes this lab"];
  const words = query.toString();
  const link = `${location.pathname}${words && `?${words}`}${location.hash}`;
  return [new URL(link, location.href).href, "The link to this setting"];
}

async function handOn([text, name], said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `${name} is copied.`;
  } catch {
    const field = make("input", { class: "lab-link", readonly: true, "aria-label": name });
    field.value = text;
    said.replaceChildren(`This browser lets no page copy. ${name}: `, field);
    field.select();
  }
}

function showState(root, query) {
  if (isEmbedded(root)) return;
  try {
    const words = query.toString();
    history.replaceState(null, "", `${location.pathname}${words && `?${words}`}${location.hash}`);
  } catch {
    // a frame without an address of its own
  }
}

/* A state as Python: names of the package, and only what is said. */
const IN_PYTHON = { f: "activation", optimiser: "optimizer", z: "logits", how: "program", want: "result" };
function asCall(kind, query) {
  const values = { "": {}, "b.": {} };
  for (const [key, value] of query) {
    if (key === "b" || key === "step") continue;
    const prefix = key.startsWith("b.") ? "b." : "";
    const name = key.slice(prefix.length);
    const into = values[prefix];
    if (name.startsWith("set.")) (into.settings ??= {})[name.slice(4)] = Number(value);
    else into[IN_PYTHON[name] ?? name] = name === "z" || value === "" || Number.isNaN(Number(value)) ? value : Number(value);
  }
  if (query.has("b")) values[""].against = values["b."];
  const written = (value) => (typeof value === "object"
    ? `{${Object.entries(value).map(([key, one]) => `"${key}": ${written(one)}`).join(", ")}}`
    : JSON.stringify(value));
  return `lab.${kind}(${Object.entries(values[""]).map(([key, value]) => `${key}=${written(value)}`).join(", ")})`;
}
