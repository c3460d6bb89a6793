"""Numbers that are not ours: each stands in the source that its comment names, and was looked up there."""

from typing import Any

__all__ = ["ONE_SIZE", "found"]

ONE_SIZE = 0.02  # radford2018: the standard deviation of all first weights


def found() -> dict[str, Any]:
    return {
        "one_size": ONE_SIZE,
        # shazeer2020, table 1: log-perplexity on held-out text, means of runs of 65,536 steps and their deviation
        "shazeer_runs": 4,
        "shazeer_geglu": 1.942,
        "shazeer_geglu_sd": 0.004,
        "shazeer_swiglu": 1.944,
        "shazeer_swiglu_sd": 0.010,
        "shazeer_gelu": 1.983,
        "shazeer_gelu_sd": 0.005,
        "convnext_right": 80.6,  # liu2022, section 2.6: with ReLU and with GELU alike, one run each
        "policy_smaller": 100,  # andrychowicz2021: by this the last layer of the policy
        "siren_factor": 30,  # sitzmann2020: what multiplies the sums of each layer
        "cap_attention": 50,  # gemma2024
        "cap_output": 30,  # gemma2024
        "z_weight": 1e-4,  # chowdhery2022
        "clamp": 7,  # openai2025, its published code
        "vit_size": 8,  # dehghani2023, in billions of weights: the model that diverged
    }
