import torch

from lrsched.torch import attach

optimizer = torch.optim.AdamW([{"params": body.parameters()}, {"params": head.parameters()}])
attach(optimizer, schedule, multipliers=[0.1, 1.0])  # the body learns at a tenth of the rate
if checkpoint:
    optimizer.load_state_dict(checkpoint["optimizer"])  # the count of updates is in there
for inputs, targets in batches:
    optimizer.zero_grad()
    loss_of(head(body(inputs)), targets).backward()
    optimizer.step()
checkpoint = {"optimizer": optimizer.state_dict()}  # and the weights
