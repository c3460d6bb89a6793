"""Claims about linearity collapse."""

import math
from itertools import pairwise

import torch

from .. import activations, data, networks
from . import CITED, CONDITIONS, IMPRECISE, TRUE, Evidence, claim

CHAPTER = "chapters/01_linearity_collapse"


@claim(
    "Linear layers with nothing between them amount to one affine layer, however many there are",
    verdict=TRUE,
    activations=("identity",),
    where=f"{CHAPTER}#sec-collapse-fold",
)
def linear_layers_fold_into_one():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    x, gaps = draw(1000, 20), {}
    for layers in (2, 10, 50):
        h, folded, shift = x, torch.eye(20, dtype=torch.float64), torch.zeros(20, dtype=torch.float64)
        for _ in range(layers):
            weight, bias = draw(20, 20) / math.sqrt(20), draw(20)
            h = h @ weight.T + bias
            folded, shift = weight @ folded, weight @ shift + bias
        gaps[layers] = ((x @ folded.T + shift - h).abs().max() / h.abs().max()).item()
    alike = [layers for layers, gap in gaps.items() if gap < 1e-12]
    return Evidence(
        f"less than 1e-12 of the largest output lies between one layer and a stack of {', '.join(map(str, alike))}",
        expected="differences of rounding only, below 1e-12 of the largest output",
        cases={f"{layers} layers": layers in alike for layers in gaps},
    )


@claim(
    "Without a nonlinearity, depth means nothing",
    verdict=CONDITIONS,
    corrected="True of the functions that a network can compute. How it learns them changes: a product of layers "
    "learns one direction after another, where a single layer learns all at the same pace.",
    activations=("identity",),
    citations=("saxe2014", "arora2018"),
    where="chapters/deeper/01_paths#sec-collapse-paths",
)
def depth_means_nothing_without_a_nonlinearity():
    network = networks.mlp([3, 8, 8, 3], "identity", seed=0, dtype=torch.float64)
    x = torch.randn(1000, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    gap = (network(x) - networks.collapse(network)(x)).abs().max().item()
    one, three = _steps_to_half([3, 3]), _steps_to_half([3, 8, 8, 3])
    factors = [(steps[:, 2] / steps[:, 0]).max().item() for steps in (one, three)]
    medians = [", ".join(f"{n:.0f}" for n in steps.median(dim=0).values) for steps in (one, three)]
    return Evidence(
        f"three layers fold into one; half of the strengths 4, 2 and 1 of a matrix is learned after {medians[0]} "
        f"steps by one layer, after {medians[1]} by three (medians of {len(one)} seeds)",
        expected="three layers that compute what one can, and learn the three strengths together as one does",
        cases={
            "what is computed: three layers and their fold agree to 1e-12": gap < 1e-12,
            "how it is learned, one layer and three: all strengths within a factor of 1.5": max(factors) < 1.5,
        },
    )


def _steps_to_half(sizes, steps=300, rate=0.04, seeds=5):
    """After how many steps linear layers have learned half of diag(4, 2, 1): shape (seeds, 3), strongest first.

    Gradient descent on the mean squared error from normal weights of standard deviation 0.1; the inputs are white.
    """
    wanted = torch.diag(torch.tensor([4.0, 2.0, 1.0], dtype=torch.float64))
    generator = torch.Generator().manual_seed(0)
    weights = [
        0.1 * torch.randn(seeds, rows, columns, generator=generator, dtype=torch.float64)
        for columns, rows in pairwise(sizes)
    ]
    learned = []
    for _ in range(steps):
        below = [torch.eye(3, dtype=torch.float64).expand(seeds, 3, 3)]  # the product of the layers so far
        for weight in weights:
            below.append(weight @ below[-1])
        learned.append(below[-1].diagonal(dim1=1, dim2=2) > wanted.diagonal() / 2)
        error = 2 / 3 * (below.pop() - wanted)  # the gradient with respect to the product
        for i in reversed(range(len(weights))):
            change = error @ below[i].mT
            error = weights[i].mT @ error
            weights[i] = weights[i] - rate * change
    learned = torch.stack(learned)
    if not learned[-1].all():
        raise ValueError(f"{steps} steps were too few to learn half of each strength")
    return learned.int().argmax(dim=0).double()


@claim(
    "With a nonlinear activation between them, layers can no longer be reduced to one affine layer",
    verdict=TRUE,
    corrected="Of the whole input space. Where all data lie on one piece it is not felt: a ReLU network whose units "
    "are all on for them is one affine layer there, at any depth.",
    activations=("relu",),
    where=f"{CHAPTER}#sec-collapse-still",
)
def an_activation_prevents_the_collapse():
    x = data.disk(1000, seed=0, dtype=torch.float64).train_x
    network = networks.mlp([2, 16, 16, 16, 1], "relu", scheme="he", seed=1000, dtype=torch.float64)
    as_drawn = _affine_miss(network, x)
    with torch.no_grad():
        for i in range(0, 6, 2):
            network[i].bias += 1 - network[: i + 1](x).amin(dim=0)  # the lowest pre-activation is 1: always on
    raised, beyond = _affine_miss(network, x), _affine_miss(network, 100 * x)
    return Evidence(
        f"the best affine fit to a ReLU network of depth 3 leaves {as_drawn:.0%} of its spread as it was drawn, "
        f"and {raised:.0%} once its biases keep every unit on for these data; on data a hundred times as wide that "
        f"network leaves {beyond:.0%}",
        expected="an affine fit that leaves more than a tenth of the spread",
        cases={"as drawn": as_drawn > 0.1, "every unit on for the data, and beyond them": beyond > 0.1},
    )


@torch.no_grad()
def _affine_miss(network, x):
    """What the best affine function of x leaves of the network's outputs, as a share of their standard deviation."""
    inputs, outputs = torch.cat([x, torch.ones_like(x[:, :1])], dim=1), network(x)
    left = outputs - inputs @ torch.linalg.lstsq(inputs, outputs).solution
    return (left.std() / outputs.std()).item()


@claim(
    "A nonlinear activation gives curved decision boundaries where there were flat ones",
    verdict=IMPRECISE,
    corrected="Smooth activations do. The boundaries of ReLU and of the step are straight strokes with corners.",
    activations=("relu", "step", "tanh"),
    citations=("montufar2014",),
    where="chapters/deeper/01_boundaries#sec-collapse-curved",
)
def an_activation_curves_the_boundary():
    angle = torch.arange(8, dtype=torch.float64) * math.pi / 4
    directions = torch.stack([angle.cos(), angle.sin()])  # eight hidden units, one looking each way
    straight, reach = {}, {}
    for name in ("relu", "step", "tanh"):
        f = activations.get(name)

        def height(x, f=f):
            return f(x @ directions - 0.5).sum(dim=1)

        level = height(torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)).mean()
        boundary = _boundary(lambda x, height=height, level=level: height(x) < level)
        straight[name], reach[name] = _straight_share(boundary), boundary.norm(dim=1).max().item()
    shares = ", ".join(f"{name} {share:.0%}" for name, share in straight.items())
    return Evidence(
        f"share of neighbouring strokes of the boundary in one straight line: {shares}",
        expected="boundaries that turn at nearly every stroke, whatever the activation",
        cases={"ReLU, step and tanh alike: less than half of it straight": max(straight.values()) < 0.5},
        core={
            "none is one flat line: all three close round the origin": max(reach.values()) < 4,
            "tanh, a smooth one: less than 1 % of it straight": straight["tanh"] < 0.01,
        },
    )


def _boundary(inside, rays=500):
    """Where rays from the origin leave the region, by bisection up to radius 4: shape (rays, 2)."""
    angle = 2 * math.pi * (torch.arange(rays, dtype=torch.float64) + 0.3) / rays  # 0.3: past the axes of symmetry
    ray = torch.stack([angle.cos(), angle.sin()], dim=1)
    near, far = torch.zeros(rays, 1, dtype=torch.float64), torch.full((rays, 1), 4.0, dtype=torch.float64)
    for _ in range(60):
        middle = (near + far) / 2
        within = inside(middle * ray)[:, None]
        near, far = torch.where(within, middle, near), torch.where(within, far, middle)
    return near * ray


def _straight_share(points):
    """Share of the corners of a closed line of points, shape (n, 2), at which it turns by less than 1e-6 radians."""
    stroke = points.roll(-1, 0) - points
    direction = torch.atan2(stroke[:, 1], stroke[:, 0])
    turn = torch.remainder(direction.roll(-1) - direction + math.pi, 2 * math.pi) - math.pi
    return (turn.abs() < 1e-6).double().mean().item()


@claim(
    "Hornik et al. (1989) and Cho and Saul (2010) showed that large enough sigmoid networks approximate "
    "arbitrary complex functions",
    verdict=IMPRECISE,
    corrected="Hornik et al. show it for every squashing function, the sigmoid among them, and for continuous "
    "targets on a compact set; Cho and Saul build kernels that mimic wide layers of step and ramp units.",
    how=CITED,
    activations=("sigmoid", "step"),
    citations=("hornik1989", "cho2010", "cybenko1989"),
    where=f"{CHAPTER}#sec-collapse-curve",
)
def sigmoid_networks_approximate_any_function():
    three = [activations.get(name) for name in ("step", "sigmoid", "relu")]
    squashing = [act.name for act in three if act.monotone and act.range == (0, 1)]
    z = torch.linspace(-4, 4, 801, dtype=torch.float64)
    apart = [((z > 0) * z.clamp(min=0) ** n - torch.sigmoid(z)).abs().max().item() for n in (0, 1, 2)]
    errors = {width: _worst_of_best_fit(width) for width in (4, 16, 64)}
    return Evidence(
        "Hornik et al.: one hidden layer of any squashing function comes as close as wanted to every continuous "
        "function on a compact set; Cho and Saul: kernels that mimic the computation of large networks, for support "
        f"vector machines. Of step, sigmoid and relu, squashing functions are {' and '.join(squashing)}. Largest "
        "error of the best fit of |x| on [-1, 1] by sigmoids at random places: "
        + ", ".join(f"{error:.1g} with {width}" for width, error in errors.items()),
        expected="two papers that show it of sigmoid networks",
        cases={"the units of Cho and Saul, max(0, z)^n, include the sigmoid": min(apart) < 0.1},
        core={
            "the sigmoid is a squashing function": "sigmoid" in squashing,
            "four times as many sigmoids come closer each time": all(b < a for a, b in pairwise(errors.values())),
        },
    )


def _worst_of_best_fit(width):
    """The largest error of least squares for |x| on [-1, 1], by sigmoids of slope 10 at random places."""
    x = torch.linspace(-1, 1, 1001, dtype=torch.float64)
    places = 2 * torch.rand(width, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    units = torch.cat([torch.sigmoid(10 * (x[:, None] - places)), torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
    fit = torch.linalg.lstsq(units, x.abs()[:, None], driver="gelsd").solution
    return (units @ fit - x.abs()[:, None]).abs().max().item()
