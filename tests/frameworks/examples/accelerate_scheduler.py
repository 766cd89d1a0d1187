import torch
from accelerate import Accelerator

from lrsched.torch import Scheduler

accelerator = Accelerator(gradient_accumulation_steps=2, dataloader_config=config)
optimizer = torch.optim.AdamW(model.parameters())
calls = 1 if accelerator.split_batches else accelerator.num_processes
scheduler = Scheduler(optimizer, schedule, steps_per_update=calls)
model, optimizer, batches, scheduler = accelerator.prepare(model, optimizer, batches, scheduler)
for (inputs,) in (batch for epoch in range(epochs) for batch in batches):
    with accelerator.accumulate(model):
        accelerator.backward(model(inputs).square().mean())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
