"""MobileNetV2 as torchvision publishes it: feature maps of one or several of its layers.

--taps names layers from 0 to 18 (18: 1280 channels at stride 32; 13: 96 at 16; 6: 32 at 8). Several become one map, at
the finest grid, for an aggregator of several streams. Input is RGB by ImageNet's mean and deviation.

--weights takes torchvision's file, mobilenet_v2-b0353104.pth or mobilenet_v2-7ebf99e0.pth.
"""

from torch import nn

import recipe
from mobilenet_blocks import ConvNorm, InvertedResidual, divisible

# factor of expansion, channels, blocks, stride of the first
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
PLAIN = {"same": False, "epsilon": 1e-5}


class MobileNet(nn.Module):
    def __init__(self, taps, width=1):
        super().__init__()
        channels = divisible(32 * width)
        layers = [ConvNorm(3, channels, 3, 2, **PLAIN)]
        for factor, outputs, blocks, stride in STAGES:
            for i in range(blocks):
                outer = divisible(outputs * width)
                layers.append(InvertedResidual(channels, outer, stride if i == 0 else 1, factor, **PLAIN))
                channels = outer
        layers.append(ConvNorm(channels, divisible(1280 * width), 1, **PLAIN))
        self.features = nn.ModuleList(layers)
        self.taps = taps

    def forward(self, image):
        maps = []
        for layer in self.features[: max(self.taps) + 1]:
            image = layer(image)
            maps.append(image)
        return tuple(maps[tap] for tap in self.taps)


def published_name(name, model):
    """torchvision's name of a tensor of this network."""
    layer, *rest = name.removeprefix("features.").split(".")
    part = {"conv": "0", "bn": "1"}[rest[-2]]
    if len(rest) == 2:
        return f"features.{layer}.{part}.{rest[-1]}"
    expands = model.features[int(layer)].expand is not None
    first = {"expand": 0, "depthwise": int(expands), "project": int(expands) + 1}[rest[0]]
    if rest[0] == "project":  # not a sequence of its own
        return f"features.{layer}.conv.{first + int(part)}.{rest[-1]}"
    return f"features.{layer}.conv.{first}.{part}.{rest[-1]}"


def renamed(model, state):
    """The published tensors by this network's names; others keep theirs."""
    names = {published_name(name, model): name for name in model.state_dict()}
    return {names.get(name, name): value for name, value in state.items()}


def outputs_of(layer):
    return (layer.project if isinstance(layer, InvertedResidual) else layer).conv.out_channels


def build(options):
    model = MobileNet(options.taps, options.width)
    if options.weights:
        state = renamed(model, recipe.state_of(options.weights))
        recipe.load(model, state, unused=("classifier.",), origin=str(options.weights))
    else:
        recipe.randomize(model)
    outputs = {f"layer_{tap}": "meaning: feature-map" for tap in options.taps}
    channels = "+".join(str(outputs_of(model.features[tap])) for tap in options.taps)
    return recipe.Recipe(
        name="mobilenet-v2",
        source="torchvision, mobilenet_v2",
        model=model,
        outputs=outputs,
        longer=options.size,
        multiple_of=32,
        notes=(f"MobileNetV2 of torchvision: a feature map of {channels} channels.",),
    )


def layers(text):
    taps = [int(part) for part in text.split(",")]
    if not taps or len(set(taps)) != len(taps) or not all(0 <= tap <= 18 for tap in taps):
        raise ValueError(text)
    return taps


if __name__ == "__main__":
    parser = recipe.arguments(__doc__, 640, ("width",))
    parser.add_argument("--taps", type=layers, default=[18], help="layers, for example 6,13,18 (default 18)")
    options = recipe.parse(parser)
    recipe.export(build(options), options)
