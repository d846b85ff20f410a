"""Times training passes of a step in JAX, for `npm run bench`: the same net, batch size, optimizer, schedule and
augmentation, in one jitted step with its buffers donated, channels last.

usage: bench_jax.py EXPERIMENT.json DATA_DIR

`bench_peer.py` has the protocol; the one variant is jit. XLA takes all cores that it is given.
"""

from bench_peer import affine_ranges, plain_layers, plain_sgd, reporting_missing, serve, training_images

with reporting_missing():
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import lax, random


def init(layers, key):
    """Weights and running statistics, a dictionary a layer."""
    weights, statistics = [], []
    for index, (kind, of) in enumerate(layers):
        learned, kept = {}, {}
        if kind == "conv":
            channels, out, kernel, _, bias = of
            far = 1 / np.sqrt(channels * kernel**2)
            shape = (kernel, kernel, channels, out)
            learned["weight"] = random.uniform(random.fold_in(key, index), shape, minval=-far, maxval=far)
            if bias:
                learned["bias"] = jnp.zeros(out)
        elif kind == "norm":
            learned = {"weight": jnp.ones(of[0]), "bias": jnp.zeros(of[0])}
            kept = {"mean": jnp.zeros(of[0]), "variance": jnp.ones(of[0])}
        weights.append(learned)
        statistics.append(kept)
    return weights, statistics


def forward(layers, weights, statistics, images, key):
    """Logits and the statistics after this batch, while training."""
    x, kept = images, []
    for index, ((kind, of), learned, running) in enumerate(zip(layers, weights, statistics)):
        if kind == "conv":
            around = [(of[3], of[3])] * 2
            x = lax.conv_general_dilated(
                x, learned["weight"], (1, 1), around, dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            x = x + learned["bias"] if of[4] else x
        elif kind == "norm":
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            x = (x - mean) * (lax.rsqrt(variance + of[2]) * learned["weight"]) + learned["bias"]
            count = x.size // x.shape[-1]
            unbiased = variance * count / max(count - 1, 1)
            running = {
                "mean": (1 - of[1]) * running["mean"] + of[1] * mean,
                "variance": (1 - of[1]) * running["variance"] + of[1] * unbiased,
            }
        elif kind == "relu":
            x = jax.nn.relu(x)
        elif kind == "dropout":
            # Sixteen bits a value: half of what `bernoulli` takes.
            keep = random.bits(random.fold_in(key, index), x.shape, "uint16") >= round(of * 2**16)
            x = jnp.where(keep, x / (1 - of), 0)
        elif kind == "max-pool":
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, of, of, 1), (1, of, of, 1), "VALID")
        elif kind == "average-pool":
            x = lax.reduce_window(x, 0.0, lax.add, (1, of, of, 1), (1, of, of, 1), "VALID") / of**2
        else:
            # Channels lead a flattened image, as PyTorch has it.
            x = x.transpose(0, 3, 1, 2).reshape(x.shape[0], 1, 1, -1)
        kept.append(running)
    return x.reshape(x.shape[0], -1), kept


def augmented(images, ranges, key):
    """Each image turned, sheared, scaled and shifted, with bilinear weights; outside of it is black."""
    count, size = images.shape[0], images.shape[1]

    def draw(place, low, high):
        return random.uniform(random.fold_in(key, place), (count,), minval=low, maxval=high)

    angle = jnp.deg2rad(draw(0, -ranges["rotation"], ranges["rotation"]))
    shear = jnp.tan(jnp.deg2rad(draw(1, -ranges["shear"], ranges["shear"])))
    scale = draw(2, ranges["scaleMin"], ranges["scaleMax"])
    far = ranges["translation"] * size
    right, down = (jnp.round(draw(place, -far, far)) for place in (3, 4))
    sin, cos = jnp.sin(angle), jnp.cos(angle)
    a, b, d, e = (cos - sin * shear) / scale, (cos * shear + sin) / scale, -sin / scale, cos / scale
    middle = (size - 1) / 2
    place = jnp.arange(size) - middle

    def each(image, a, b, d, e, right, down):
        x, y = place[None, :] - right, place[:, None] - down
        places = [d * x + e * y + middle, a * x + b * y + middle]

        def warped(channel):
            return jax.scipy.ndimage.map_coordinates(channel, places, order=1, mode="constant")

        return jax.vmap(warped, in_axes=-1, out_axes=-1)(image)

    return jax.vmap(each)(images, a, b, d, e, right, down)


class Bench:
    def __init__(self, experiment, folder):
        self.experiment, self.ranges = experiment, affine_ranges(experiment)
        self.layers, self.sgd = list(plain_layers(experiment["net"])), plain_sgd(experiment)
        shape, pixels, labels = training_images(folder)
        images = np.frombuffer(pixels, np.uint8).reshape(shape).transpose(0, 2, 3, 1)
        self.images = jnp.asarray(images, jnp.float32) / 255
        self.labels = jnp.asarray(np.frombuffer(labels, np.uint8), jnp.int32)
        self.mean, self.deviation = float(self.images.mean()), float(self.images.std())
        # The generator that XLA is fastest with.
        self.key = random.key(1, impl="unsafe_rbg")
        weights, statistics = init(self.layers, self.key)
        self.parameters = sum(x.size for x in jax.tree.leaves(weights))
        self.state = (weights, jax.tree.map(jnp.zeros_like, weights), statistics)
        self.generator = np.random.default_rng(1)
        self.step = jax.jit(self.one_step, donate_argnums=0, static_argnums=6)

    def one_step(self, state, images, labels, batch, key, rate, augment):
        weights, velocities, statistics = state
        x = images[batch]
        if augment and self.ranges:
            x = augmented(x, self.ranges, random.fold_in(key, 0))
        x = (x - self.mean) / self.deviation

        def loss_of(weights):
            logits, kept = forward(self.layers, weights, statistics, x, random.fold_in(key, 1))
            chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[batch][:, None], 1)
            return -chosen.mean(), kept

        (loss, statistics), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
        momentum, nesterov, decay = self.sgd
        gradients = jax.tree.map(lambda g, w: g + decay * w, gradients, weights)
        velocities = jax.tree.map(lambda v, g: momentum * v + g, velocities, gradients)
        moves = velocities
        if nesterov:
            moves = jax.tree.map(lambda g, v: g + momentum * v, gradients, velocities)
        weights = jax.tree.map(lambda w, m: w - rate * m, weights, moves)
        return (weights, velocities, statistics), loss

    def rate(self, step, steps):
        schedule = self.experiment["schedule"]
        if schedule["kind"] != "one-cycle":
            return 0.01
        most, rising = schedule["maxLearningRate"], 0.3 * steps - 1
        low, high, share = (most / 25, most, step / rising)
        if step > rising:
            low, high, share = (most, most / 25e4, (step - rising) / (steps - 1 - rising))
        return high + (low - high) / 2 * (1 + np.cos(np.pi * share))

    def one_pass(self, variant, threads, count, augment):
        size = self.experiment["batchSize"]
        order = self.generator.permutation(len(self.labels))[:count].astype(np.int32)
        steps = -(-count // size) * self.experiment["epochs"]
        for index, start in enumerate(range(0, count, size)):
            self.key, key = random.split(self.key)
            rate = np.float32(self.rate(index, steps))
            batch = order[start : start + size]
            self.state, loss = self.step(self.state, self.images, self.labels, batch, key, rate, augment)
        return float(loss)


serve(jax.__version__, Bench)
