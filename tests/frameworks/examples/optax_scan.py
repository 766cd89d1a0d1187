import jax
import optax

from lrsched.optax import to_optax

optimizer = optax.inject_hyperparams(optax.adamw)(learning_rate=to_optax(schedule))


def update(carry, batch):
    params, state = carry
    changes, state = optimizer.update(jax.grad(loss)(params, batch), state, params)
    return (optax.apply_updates(params, changes), state), state.hyperparams["learning_rate"]


(params, state), rates = jax.lax.scan(update, (params, optimizer.init(params)), batches)
