"""What the tests of all frameworks share. `make frameworks` runs them in an environment of their own."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import pytest
import torch

try:
    import torchvision  # noqa: F401
except (
    RuntimeError
):  # beside a torch that was built for the CPU alone its operators are missing; timm uses none of them
    OPERATORS = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        OPERATORS.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

torch.set_num_threads(1)


class Recorder:
    """The rates that each update of an optimiser really used."""

    def __init__(self, optimizer):
        self.rates, self.optimizer = [], optimizer
        self.params = [p for group in optimizer.param_groups for p in group["params"]]
        optimizer.register_step_post_hook(self)

    def __call__(self, optimizer, args, kwargs):
        skipped = getattr(optimizer, "found_inf", None)
        if skipped is None or not skipped.item():
            self.rates.append([float(group["lr"]) for group in optimizer.param_groups])

    def first(self):
        return [rates[0] for rates in self.rates]


@pytest.fixture
def record():
    return Recorder
