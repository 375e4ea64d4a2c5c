"""Training: what `compile`, `fit`, `evaluate` and `predict` do. It exists once, for all engines.

trainer.py          the public methods of a model
loop.py             the loops over epochs and batches, to be read from top to bottom
step.py             one step, and how it is compiled
compilation.py      what `compile` sets up; compile_loss.py and compile_metrics.py bring losses and metrics in line
                    with the outputs by means of alignment.py and targets.py
surroundings.py     callbacks, validation, loops inside of loops
arguments.py        checks of what users pass
limits.py           the limits of `config` for quick trials
data/               where batches come from
"""
