/* A lab has its state from the address of its page; in a notebook, where the address is not its own, from what the
   package wrote beside it. There it hands on no link but the call that makes it. */

const isEmbedded = (root) => root.dataset.state !== undefined;
const givenState = (root) => new URLSearchParams(isEmbedded(root) ? JSON.parse(root.dataset.state) : location.search);
const copyWords = (root) => (isEmbedded(root) ? "Copy as a call" : "Copy a link");
const CALL = "The call that makes this lab";

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

/* What an address says, as the call of the package: its own names, and nothing that is not said. */
const TRAINED = Object.fromEntries([...Object.keys(READ), "own", "updates"].map((key) => [key, key]));
const IN_PYTHON = {
  train: { ...TRAINED, f: "activation", optimiser: "optimizer" },
  explore: { f: "activation", own: "own", gain: "gain", beside: "beside", z: "z" },
  numbers: { z: "logits", format: "format", want: "result", how: "program", target: "target" },
};
function asCall(kind, link) {
  const query = new URLSearchParams(link.split("#")[0].split("?")[1] ?? "");
  const values = { "": {}, "b.": {} };
  for (const [key, value] of query) {
    const prefix = key.startsWith("b.") ? "b." : "";
    const name = key === "explore" ? "f" : key.slice(prefix.length).replace(/^explore\./, "");
    const into = values[prefix];
    const known = Object.hasOwn(IN_PYTHON[kind], name) && IN_PYTHON[kind][name];
    if (known === "points") {
      into[known] = `[${coordinates(pointsIn(value) ?? []).map((one) => `(${one.join(", ")})`).join(", ")}]`;
      continue;
    }
    const isText = known === "logits" || known === "own" || Number.isNaN(Number(value));
    const written = isText ? JSON.stringify(value) : String(Number(value));
    if (/^f\.\d+$/.test(name)) (into.layers ??= {})[name.slice(2)] = written;
    else if (name.startsWith("set.")) (into.settings ??= {})[name.slice(4).replaceAll(" ", "_")] = written;
    else if (known) into[known] = written;
  }
  if (query.has("b")) values[""].against = values["b."];
  const asKey = (key) => (/^\d+$/.test(key) ? key : `"${key}"`); // a layer's is its number
  const table = (one) => `{${Object.entries(one).map(([key, value]) => `${asKey(key)}: ${text(value)}`).join(", ")}}`;
  const text = (value) => (typeof value === "string" ? value : table(value));
  return `lab.${kind}(${Object.entries(values[""]).map(([key, value]) => `${key}=${text(value)}`).join(", ")})`;
}
