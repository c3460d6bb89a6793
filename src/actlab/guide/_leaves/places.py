"""Where chapter 5 and the pages below it show what several answers rest on."""

__all__ = ["COST", "GATES", "MEMORY", "NEEDED", "TWO_GELUS"]

COST = "chapters/deeper/05_costs#fig-smooth-cost"
GATES = "chapters/deeper/05_gates#sec-smooth-tasks"
MEMORY = "chapters/05_smooth_activations#sec-smooth-memory"
NEEDED = "chapters/05_smooth_activations#sec-smooth-needed"
TWO_GELUS = "chapters/05_smooth_activations#sec-smooth-two"
