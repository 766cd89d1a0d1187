"""What the tests of examples and their child processes agree on."""

from lrsched import CosineDecay, Warmup

SCHEDULE = Warmup(CosineDecay(1e-2, decay_steps=35, min_lr=1e-4), warmup_steps=5)
SAMPLES, EPOCHS = 64, 6
