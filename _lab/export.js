window.actlabLab = {
  mount,
  engine: {
    FUNCTIONS, CATALOG, STARTS, Random, Network, Trainer, functionOf, kinksOf, gainOf, erfcx, judged, layerStatistics,
    surface, drawTask, student, paired, summary, verdict, manyStarts, begun, readSetting, writeSetting, settingsOf,
    value: (f, z) => [f(z), slope],
  },
};
