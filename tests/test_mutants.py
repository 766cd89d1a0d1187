"""Mutants of every right answer are refused, or stand here with the reason why they are right.

A fixed sample is always run; `make mutants` runs them all, which takes some minutes.
"""

import os
import re
import zlib

import pytest
from mutants import mutants
from test_exercises import CLOSED_TASKS, no_progress  # noqa: F401 (a fixture)

ALL = os.environ.get("MUTANTS") == "all"
POSITIVE = "rates, losses, curvatures and numbers of updates are not negative"
FROM_ONE = "a length or a batch is 1 or more"
SHARE_LEFT = "a decay rate is at most 1, and so is what it leaves"
WHOLE = "whole numbers are expected"
SAME = "the same program, written another way"

# By the answer that is changed ("" for all): the change, as a regular expression, and why it is right.
RIGHT = [
    ("", r"(\w+ )?(not below 0|its size)", POSITIVE),
    ("", r"(batch_size|step_size|updates_per_epoch|decay_steps|warmup_steps|hold_until|steps|t) not below 1", FROM_ONE),
    ("", r"(decay_rate|factor_per_epoch) not above (1|10|100)", SHARE_LEFT),
    ("factor_per_update", r"not (above 10?|below 1e-(6|10))", SHARE_LEFT),
    ("", r"\w+ not above 100?", "whoever has so long a run, or so large a rate, has other worries"),
    ("one_update|descend", r"curvature and lr exchanged", "only their product counts"),
    ("largest_curvature", r"losses (sorted|without its (first|last))", "any two late losses of an explosion will do"),
    ("largest_curvature|best_rate", r"not below 1e-(6|10)", "so flat a bowl has no use for a schedule"),
    ("best_rate", r"curvatures (sorted|backwards)", "curvatures come in no order"),
    ("safe_rates", r"run = .*|.*run\.loss.*", "another run of the same explosion tells the same"),
    ("safe_rates|best_constant|paired_ratio|best_half_life|adam_gain|lead", r"\w+ sorted", "these rates come sorted"),
    ("safe_rates", r"rounded to [2-5] places|to three digits|not (below 1e-(6|10)|above 10?)", "such rates are given"),
    (
        "best_constant|paired_ratio|best_half_life|adam_gain|lowest_point",
        r"not (above 10?|below 1e-(6|10))",
        "no such rate",
    ),
    (
        "best_constant|best_half_life|first_above",
        r"rounded .*|cut .*|to three digits|plus 1e-4|half_lives whole",
        WHOLE,
    ),
    ("best_half_life", r"half_lives backwards", "half-lives come in no order"),
    ("best_half_life", r".*axis=-1.*", SAME),
    ("best_half_life", r".*decay_rate=0\.505.*", "so small a change of the decay chooses the same half-life"),
    ("paired_ratio|adam_gain", r"tuning = \{'steps': steps, 'seeds': range\(100, 105\)\}", SAME),
    ("paired_ratio|adam_gain", r"(decay|adam|sgd) = tune\(.*, \*\*tuning\)", SAME),
    ("paired_ratio|adam_gain", r"sorted downwards", "the mean is the larger of the two"),
    (
        "paired_ratio|adam_gain|best_half_life",
        r"\w+_lrs without its (first|last)",
        "a peak rate that is nowhere the best",
    ),
    ("first_above", r"settings = .*|.*\[0 \+ -1\].*|.*\[-1\].*|.*start=-2.*", "another run of the same method"),
    ("first_above|lowest_point|warmup_rate", r"not below 1e-(6|10)", "no such rate, and no update of that number"),
    ("first_above", r".*>=.*", "no rate lies exactly on the threshold"),
    ("first_above", r"curvature .*", "RMSProp does not notice the curvature, and crosses at the same update"),
    ("first_above", r"lr not above 1", "at such rates nothing is trained"),
    ("train", r"weights, plotted = \(\[\], \[\]\)|weight = .*", SAME),
    ("cosine_decay|warmup_rate|composed", r".*min\(.*", SAME),
    ("manual", r"if example .*", "the four questions are told apart all the same"),
    ("manual", r".*epoch % 20.*", SAME),
    ("manual", r"not (above 10?|below 1e-(6|10))", "the rates of the manual lie between"),
    ("adam_step", r"square = .*", SAME),
    ("rates_after_resume", r"sorted downwards|not above 10?", "what is left of these schedules only falls"),
    ("lowest_point", r"moved by one|its mean", "a single number"),
    ("cosine_to", r".*min\(.*|share not above 1", "the same minimum, of a share"),
    ("cycle_of", r"rounded .*|cut .*|(first|mult) not below 1", WHOLE),
    ("planned_for", r"rounded .*|not below 1e-(6|10)", "a plan is a whole number of updates"),
    ("lead", r"def four\(lr\):|(runs|ratios) = .*|.*steps / [24].*", SAME),
    ("lead", r"not (above 10|below 1e-(6|10))", "no such ratio"),
    ("lead", r"steps its tens", "these runs have whole tens of updates"),
    ("last_tenth", r"not (above 10?|below 1e-(6|10))", "it is a share, and no cosine's is so small"),
    ("clip", r".*norm < max_norm.*", "at that length the factor is 1"),
    ("worst_factor", r"return max.*|not below 1e-(6|10)", "as many rates as thresholds, and no factor so small"),
    ("warmup_updates|untuned_length|shortest_ramp", r"rounded .*|cut .*|not below 1e-(6|10)|to three digits", WHOLE),
    ("warmup_updates", r"(tokens|batch|context|accumulation) not below 1", FROM_ONE),
    ("warmup_updates", r"(batch|context|accumulation) and \w+ exchanged", "only their product counts"),
    ("untuned_length", r"return round\(min\(.*", SAME),
    ("untuned_length", r"beta2 not above (1|10)|total_steps not below 1", "beta2 is a share, and a run has updates"),
    ("shortest_ramp", r"if lost_runs\(run\) <= 0:|lengths whole", SAME),
    ("shortest_ramp", r"run = .*", "another run along the same lines"),
    (
        "borrowed_rate",
        r"(constant|decay) = tune\(.*seeds=range\(.*",
        "other seeds for the tuning choose the same rates",
    ),
    (
        "best_of_four",
        r".*\[share \* minimum for share in \(0\.1, 0\.2, 0\.5, 1\)\], steps=steps, seeds=range\(.*",
        "other seeds for the tuning choose the same rate",
    ),
    (
        "best_of_four",
        r"not (above 10|below 1e-(6|10))|steps (plus 1|its tens)",
        "no such rate; the runs have full tens, and one more chooses the same",
    ),
    ("ramp_length", r"not below 1e-(6|10)", "a ramp has an update"),
    ("rate_from_table", r".*axis=-1.*", SAME),
    ("shortest_ramp", r"target not above (1|10)|lengths (sorted|backwards)", "no such rate, and lengths in no order"),
]


def reason(name: str, change: str) -> str:
    """Why a change to the answer `name` leaves it right; empty if it does not."""
    known = (
        why for names, changes, why in RIGHT if re.fullmatch(names or ".*", name) and re.fullmatch(changes, change)
    )
    return next(known, "")


@pytest.mark.parametrize("task", CLOSED_TASKS)
def test_mutants_are_refused(task):
    share = 1 if ALL else 60 if task.seconds else 12  # one in so many; those that train take longer
    alive = []
    for change, answer in mutants(task):
        if zlib.crc32(f"{task.name} {change}".encode()) % share or reason(task.name, change):
            continue
        verdict = task.check(answer)
        assert "checker itself failed" not in repr(verdict), change
        if verdict.status == "correct":
            alive.append(change)
    assert not alive
