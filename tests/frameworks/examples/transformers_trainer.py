import torch
from transformers import Trainer, TrainingArguments

from lrsched import CosineDecay, Warmup, updates
from lrsched.torch import Scheduler

steps = updates(len(data), batch_size=4, accumulate=2, epochs=10)
schedule = Warmup(CosineDecay(1e-2, decay_steps=steps - 5, min_lr=1e-4), warmup_steps=5)
optimizer = torch.optim.AdamW(model.parameters())
options = dict(per_device_train_batch_size=4, gradient_accumulation_steps=2, num_train_epochs=10)
arguments = TrainingArguments(folder, **options, **logs_and_checkpoints)
schedulers = optimizer, Scheduler(optimizer, schedule)
trainer = Trainer(model, arguments, train_dataset=data, optimizers=schedulers, callbacks=callbacks)
trainer.train(resume_from_checkpoint=checkpoint)
