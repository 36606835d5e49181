"""ResNet101 with generalized mean pooling and whitening, with SOLAR's second-order attention or without.

SOLAR (Ng et al., ECCV 2020): an attention block of a quarter of the channels behind conv4_x and one of half of them
behind conv5_x; without (--attention none) it is GeM (Radenović et al., TPAMI 2018). Then GeM, L2, a fully connected
layer with bias that keeps 2048 values, L2. Input is RGB by ImageNet's mean and deviation.

--weights takes the authors' files: resnet101-solar-best.pth, or with --attention none cirtorch's networks with whitening
(gl18-tl-resnet101-gem-w, rSfM120k-tl-resnet101-gem-w).
"""

import torch
from torch import nn
from torch.nn import functional as F

import recipe

BLOCKS = (3, 4, 23, 3)
EXPANSION = 4


class Bottleneck(nn.Module):
    """1x1, 3x3 with the stride, 1x1; names as torchvision has them."""

    def __init__(self, channels, inner, stride):
        super().__init__()
        outer = EXPANSION * inner
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outer, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outer)
        self.downsample = None
        if stride > 1 or channels != outer:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def stage(channels, inner, blocks, stride):
    first = Bottleneck(channels, inner, stride)
    rest = [Bottleneck(EXPANSION * inner, inner, 1) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


def stages(width):
    """What stands before the four stages, and these."""
    base = recipe.narrowed(64, width)
    start = (nn.Conv2d(3, base, 7, 2, 3, bias=False), nn.BatchNorm2d(base), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
    made = []
    channels = base
    for i, blocks in enumerate(BLOCKS):
        made.append(stage(channels, base << i, blocks, 1 if i == 0 else 2))
        channels = EXPANSION * (base << i)
    return start, made, channels


class SecondOrderAttention(nn.Module):
    """x + v(softmax(f(x)ᵀ g(x) / √M) h(x)) with M = channels / k."""

    def __init__(self, channels, k):
        super().__init__()
        inner = channels // k
        self.f = nn.Sequential(nn.Conv2d(channels, inner, 1), nn.BatchNorm2d(inner), nn.ReLU())
        self.g = nn.Sequential(nn.Conv2d(channels, inner, 1), nn.BatchNorm2d(inner), nn.ReLU())
        self.h = nn.Conv2d(channels, inner, 1)
        self.v = nn.Conv2d(inner, channels, 1)
        self.factor = inner**-0.5

    def forward(self, x):
        f, g, h = self.f(x).flatten(2), self.g(x).flatten(2), self.h(x).flatten(2)
        weights = F.softmax(self.factor * (f.transpose(1, 2) @ g), dim=-1)
        mixed = h @ weights.transpose(1, 2)
        return x + self.v(mixed.unflatten(2, x.shape[2:]))


class SolarFeatures(nn.Module):
    def __init__(self, width):
        super().__init__()
        (conv, norm, relu, pool), (conv2, conv3, conv4, conv5), channels = stages(width)
        self.conv1 = nn.Sequential(conv, norm)
        self.conv2_x = nn.Sequential(relu, pool, conv2)
        self.conv3_x = conv3
        self.conv4_x = conv4
        self.conv5_x = conv5
        self.soa4 = SecondOrderAttention(channels // 2, 4)
        self.soa5 = SecondOrderAttention(channels, 2)
        self.channels = channels

    def forward(self, image):
        conv4 = self.soa4(self.conv4_x(self.conv3_x(self.conv2_x(self.conv1(image)))))
        return conv4, self.soa5(self.conv5_x(conv4))


class PlainFeatures(nn.Sequential):
    def __init__(self, width):
        start, made, channels = stages(width)
        super().__init__(*start, *made)
        self.channels = channels

    def forward(self, image):
        for module in list(self)[:-1]:
            image = module(image)
        return image, self[-1](image)


class Gem(nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), 3.0))

    def randomize(self):
        nn.init.uniform_(self.p, 2, 4)

    def forward(self, features):
        powers = features.clamp(min=1e-6).pow(self.p)
        return powers.mean((2, 3)).pow(1 / self.p)


def unit(vectors):
    """cirtorch's normalization adds to the length instead of bounding it."""
    return vectors / (vectors.norm(dim=1, keepdim=True) + 1e-6)


class GemNetwork(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.features = features
        self.pool = Gem()
        self.whiten = nn.Linear(features.channels, features.channels)

    def forward(self, image):
        conv4, conv5 = self.features(image)
        return unit(self.whiten(unit(self.pool(conv5)))), conv4, conv5


def build(options):
    solar = options.attention == "solar"
    model = GemNetwork(SolarFeatures(options.width) if solar else PlainFeatures(options.width))
    if options.weights:
        recipe.load(model, recipe.state_of(options.weights), origin=str(options.weights))
    else:
        recipe.randomize(model)
    largest = 2**0.5
    longer = recipe.half_up(options.size * largest)
    return recipe.Recipe(
        name="solar-resnet101" if solar else "gem-resnet101",
        source="tonyngjichun/SOLAR" if solar else "filipradenovic/cnnimageretrieval-pytorch, resnet101-gem-w",
        model=model,
        outputs={"descriptor": "meaning: global", "conv4_x": None, "conv5_x": None},
        longer=longer,
        multi_scale=recipe.MultiScale(largest, 3, 2, options.size),
        notes=(
            ("SOLAR" if solar else "GeM with whitening") + " on ResNet101: one vector a picture.",
            f"Alone it sees pictures of up to {longer} pixels, the largest of the three sizes.",
        ),
    )


if __name__ == "__main__":
    parser = recipe.arguments(__doc__, 1024, ("width",))
    parser.add_argument("--attention", choices=("solar", "none"), default="solar", help="none is plain GeM")
    options = recipe.parse(parser)
    recipe.export(build(options), options)
