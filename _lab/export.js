/* What an element of the page becomes, by its data-kind; without one, the lab that trains. */
const KINDS = { train: Lab, explore: Explorer, numbers: Numbers };

/* Puts a lab in the place of what an element holds; returns what takes it away again. */
function mount(element) {
  if (!document.getElementById("actlab-lab-style")) {
    document.head.append(make("style", { id: "actlab-lab-style" }, STYLE + NUMBERS_STYLE));
  }
  const lab = new KINDS[element.dataset.kind ?? "train"](element);
  element.dataset.ready = "";
  return () => lab.close();
}

window.actlabLab = {
  mount,
  ready,
  engine: {
    FUNCTIONS, CATALOG, STARTS, Random, Network, Trainer, functionOf, kinksOf, gainOf, erfcx, judged, layerStatistics,
    surface, drawTask, pointsIn, student, paired, summary, verdict, manyStarts, begun, readSetting, writeSetting,
    settingsOf, layersOf,
    formats, programs, readNumbers, writeNumbers, asCall,
    value: (f, z) => [f(z), slope],
    typed, bendOf, Theory, FORMATS, limitsOf, roundedTo,
  },
};
