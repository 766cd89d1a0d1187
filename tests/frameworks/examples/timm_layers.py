from timm.optim import create_optimizer_v2

from lrsched import equivalent
from lrsched.torch import attach

schedule = equivalent("timm.CosineLRScheduler", lr=1e-2, t_initial=35, lr_min=1e-4, warmup_t=5, warmup_prefix=True)
optimizer = create_optimizer_v2(model, opt="adamw", layer_decay=0.75)  # writes lr_scale into its groups
attach(optimizer, schedule, multipliers=[group["lr_scale"] for group in optimizer.param_groups])
for inputs in batches:
    optimizer.zero_grad()
    model(inputs).square().mean().backward()
    optimizer.step()
