import keras

from lrsched import CosineDecay, Warmup, updates
from lrsched.keras import to_keras

steps = updates(len(inputs), batch_size=2, epochs=10)
schedule = Warmup(CosineDecay(1e-2, decay_steps=steps - 5, min_lr=1e-4), warmup_steps=5)
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.AdamW(to_keras(schedule)), loss="mse")
model.fit(inputs, targets, batch_size=2, epochs=10, callbacks=callbacks, verbose=0)
model.save(file)  # with the schedule and the count of updates
