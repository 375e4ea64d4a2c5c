"""What pickle finds by its module: a subclassed model and a compiled function."""

import kerasfront as keras


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [keras.layers.Dense(4, "tanh"), keras.layers.Dropout(0.1, seed=3)]
        self.last = keras.layers.Dense(1)

    def call(self, inputs, training=False):
        for block in self.blocks:
            inputs = block(inputs)
        return self.last(inputs)


@keras.function
def doubled(x):
    return x * 2.0


def tripled(x):
    return x * 3.0
