"""One process of an example for Accelerate, started by its launcher: writes the rates that were used to a file.

accelerate launch ... accelerated.py <example> <split_batches> <folder>
"""

import json
import os
import sys
from pathlib import Path

import torch
from accelerate.utils import DataLoaderConfiguration
from shared import EPOCHS, SAMPLES, SCHEDULE
from torch.optim.optimizer import register_optimizer_step_post_hook

example, split, folder = sys.argv[1], sys.argv[2] == "split", Path(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(0)
rates = []
register_optimizer_step_post_hook(lambda optimizer, *_: rates.append(optimizer.param_groups[0]["lr"]))
names = {
    "model": torch.nn.Linear(3, 1),
    "batches": torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(SAMPLES, 3)), batch_size=8),
    "config": DataLoaderConfiguration(split_batches=split),
    "schedule": SCHEDULE,
    "epochs": EPOCHS,
}
path = Path(__file__).parent / "examples" / f"{example}.py"
exec(compile(path.read_text(), path, "exec"), names)
accelerator = names["accelerator"]
(folder / f"{accelerator.process_index}.json").write_text(json.dumps(rates))
accelerator.wait_for_everyone()
accelerator.end_training()
os._exit(0)  # the threads of gloo now and then abort a process that ends by itself
