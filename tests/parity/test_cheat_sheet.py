"""The names that the cheat sheet gives for torch and optax are names there."""

import json
import re
from operator import attrgetter
from pathlib import Path

import optax
import pytest
import torch

SHEET = json.loads((Path(__file__).parents[2] / "lrsched/course/review/cheat_sheet.json").read_text("utf-8"))
LIBRARIES = {"torch": torch.optim.lr_scheduler, "optax": optax}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("entry", SHEET, ids=[entry["slug"] for entry in SHEET])
def test_a_schedule_has_the_name_that_the_sheet_gives(entry, library):
    names = re.findall(r"`([A-Za-z_.]+)(?:\(.*?\))?`", entry["names"][library])
    for name in names:
        if "LR" in name or "_schedule" in name or name.endswith(("Restarts", "Plateau", "_plateau", "_decay")):
            attrgetter(name)(LIBRARIES[library])
    assert names or re.search("none|SequentialLR|number", entry["names"][library])
