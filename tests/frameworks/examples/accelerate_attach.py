import torch
from accelerate import Accelerator

from lrsched.torch import attach

accelerator = Accelerator(gradient_accumulation_steps=2, dataloader_config=config)
optimizer = torch.optim.AdamW(model.parameters())
attach(optimizer, schedule)  # before prepare; the number of processes does not matter
model, optimizer, batches = accelerator.prepare(model, optimizer, batches)
for _ in range(epochs):
    for (inputs,) in batches:
        with accelerator.accumulate(model):
            accelerator.backward(model(inputs).square().mean())
            optimizer.step()
            optimizer.zero_grad()
