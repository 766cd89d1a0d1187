import torch

from lrsched.torch import attach

optimizer = torch.optim.AdamW(model.parameters(), fused=fused)
attached = attach(optimizer, schedule)
for i, (inputs, targets) in enumerate(batches, 1):
    with torch.autocast(device, dtype):
        loss = loss_of(model(inputs), targets)
    scaler.scale(loss / accumulate).backward()
    if i % accumulate == 0:
        scaler.step(optimizer)  # an update that is skipped here is not counted
        scaler.update()
        optimizer.zero_grad()
