window.actlabLab = {
  mount,
  engine: {
    FUNCTIONS, CATALOG, STARTS, Random, Network, Trainer, functionOf, kinksOf, gainOf, erfcx, judged, layerStatistics,
    surface, drawTask, student, paired, summary, verdict, manyStarts, begun, readSetting, writeSetting, settingsOf,
    formats, programs, readNumbers, writeNumbers, asCall,
    value: (f, z) => [f(z), slope],
  },
};
