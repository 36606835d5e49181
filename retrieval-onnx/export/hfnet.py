"""HF-Net (Sarlin et al., From Coarse to Fine, CVPR 2019): one MobileNetV2 with three heads.

Width 0.75. Layer 7 (stride 8, 96 channels) feeds the local descriptors (256 values, L2) and the detector (65 channels,
softmax, the last dropped, 8 x 8 cells unfolded); layer 18 (stride 32, 240 channels) the global vector: 32 clusters,
assignment with batch normalization, residuals c − x, divided by their length over the clusters for each channel as the
authors' code has it, L2, a fully connected layer to 4096 values, L2. Input is gray, (v − 128) / 128.

Keypoints are the maxima within 4 pixels that score at least 0.005, found by max-pooling three times, with descriptors
read bilinearly at x (w' − 1) / (w − 1); the manifest keeps the best 2500.

--weights takes the variables of the authors' TensorFlow model by name, as NumPy's .npz: where TensorFlow is installed,

    reader = tf.train.load_checkpoint("hfnet/variables/variables")
    np.savez("hfnet.npz", **{name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()})
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import recipe
from mobilenet_blocks import ConvNorm, InvertedResidual, divisible

WIDTH = 0.75
# channels and stride of the layers 2 to 18; layer 1 is a convolution of 32 channels and stride 2
LAYERS = (
    (16, 1), (24, 2), (24, 1), (32, 2), (64, 1), (128, 1),
    (64, 2), (64, 1), (64, 1), (64, 1), (96, 1), (96, 1), (96, 1), (160, 2), (160, 1), (160, 1), (320, 1),
)  # fmt: skip
LOCAL_LAYER = 7
CLUSTERS = 32
GLOBAL_DIMENSION = 4096
LOCAL_DIMENSION = 256
GRID = 8
RADIUS = 4
ITERATIONS = 3
THRESHOLD = 0.005
MAX_KEYPOINTS = 2500


class Backbone(nn.Module):
    def __init__(self, width):
        super().__init__()
        channels = divisible(32 * width)
        self.Conv = ConvNorm(1, channels, 3, 2)
        self.blocks = []
        for i, (outputs, stride) in enumerate(LAYERS):
            block = InvertedResidual(channels, divisible(outputs * width), stride, 1 if i == 0 else 6)
            self.add_module("expanded_conv" + (f"_{i}" if i > 0 else ""), block)
            self.blocks.append(block)
            channels = divisible(outputs * width)
            if i + 2 == LOCAL_LAYER:
                self.local_channels = channels
        self.global_channels = channels

    def forward(self, image):
        x = self.Conv(image)
        local = None
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i + 2 == LOCAL_LAYER:
                local = x
        return local, x


class LocalHead(nn.Module):
    """3x3 with batch normalization and ReLU6, then 1x1; names as TensorFlow numbers them."""

    def __init__(self, channels, inner, outputs):
        super().__init__()
        self.Conv = ConvNorm(channels, inner, 3)
        self.Conv_1 = nn.Conv2d(inner, outputs, 1)

    def forward(self, x):
        return self.Conv_1(self.Conv(x))


class Vlad(nn.Module):
    def __init__(self, channels, clusters):
        super().__init__()
        self.memberships = ConvNorm(channels, clusters, 1, relu=False)
        self.clusters = nn.Parameter(torch.empty(clusters, channels))

    def randomize(self):
        nn.init.normal_(self.clusters)
        nn.init.ones_(self.memberships.bn.weight)  # TensorFlow's has no scale here

    def forward(self, features):
        weights = F.softmax(self.memberships(features), dim=1).flatten(2)
        sums = weights @ features.flatten(2).transpose(1, 2)
        residuals = weights.sum(2)[:, :, None] * self.clusters - sums
        over_clusters = F.normalize(residuals, dim=1, eps=1e-6)
        return F.normalize(over_clusters.flatten(1), dim=1, eps=1e-6)


class GlobalHead(nn.Module):
    def __init__(self, channels, clusters, dimension):
        super().__init__()
        self.vlad = Vlad(channels, clusters)
        self.dimensionality_reduction = nn.Linear(channels * clusters, dimension)

    def forward(self, features):
        return F.normalize(self.dimensionality_reduction(self.vlad(features)), dim=1, eps=1e-6)


def maxima(scores):
    """Scores that are the largest within the radius, and 0 elsewhere; what a maximum hides may be hidden by none."""

    def pooled(values):
        return F.max_pool2d(values, 2 * RADIUS + 1, 1, RADIUS)

    kept = scores == pooled(scores)
    for _ in range(ITERATIONS - 1):
        hidden = pooled(kept.to(scores.dtype)) > 0
        visible = torch.where(hidden, torch.zeros_like(scores), scores)
        kept = kept | ((visible == pooled(visible)) & ~hidden)
    return torch.where(kept, scores, torch.zeros_like(scores))


def sampled(descriptors, x, y):
    """Bilinear values of a 1 x d x h x w map at places in its cells, n x d, of length 1."""
    rows, columns = descriptors.shape[2], descriptors.shape[3]
    left, top = torch.floor(x), torch.floor(y)
    right_part, bottom_part = (x - left)[:, None], (y - top)[:, None]
    x0, y0 = left.long(), top.long()
    x1, y1 = torch.clamp(x0 + 1, max=columns - 1), torch.clamp(y0 + 1, max=rows - 1)
    cells = descriptors[0].flatten(1).transpose(0, 1)
    upper = cells[y0 * columns + x0] * (1 - right_part) + cells[y0 * columns + x1] * right_part
    lower = cells[y1 * columns + x0] * (1 - right_part) + cells[y1 * columns + x1] * right_part
    return F.normalize(upper * (1 - bottom_part) + lower * bottom_part, dim=1, eps=1e-6)


class HfNet(nn.Module):
    def __init__(self, width=1, dimension=GLOBAL_DIMENSION):
        super().__init__()
        self.MobilenetV2 = Backbone(WIDTH * width)
        self.local_head = nn.ModuleDict(
            {
                "descriptor": LocalHead(self.MobilenetV2.local_channels, LOCAL_DIMENSION, LOCAL_DIMENSION),
                "detector": LocalHead(self.MobilenetV2.local_channels, 128, 1 + GRID * GRID),
            }
        )
        self.global_head = GlobalHead(self.MobilenetV2.global_channels, CLUSTERS, dimension)

    def forward(self, image):
        local, last = self.MobilenetV2(image)
        descriptor = self.global_head(last)
        map_of_descriptors = F.normalize(self.local_head["descriptor"](local), dim=1, eps=1e-6)
        probabilities = F.softmax(self.local_head["detector"](local), dim=1)
        scores = F.pixel_shuffle(probabilities[:, :-1], GRID)
        best = maxima(scores)[0, 0]
        found = torch.nonzero(best >= THRESHOLD)
        y, x = found[:, 0], found[:, 1]
        fine_rows, fine_columns = scores.shape[2], scores.shape[3]
        rows, columns = map_of_descriptors.shape[2], map_of_descriptors.shape[3]
        local_descriptors = sampled(
            map_of_descriptors,
            x.float() * ((columns - 1) / (fine_columns - 1)),
            y.float() * ((rows - 1) / (fine_rows - 1)),
        )
        keypoints = torch.stack((x, y), 1).float()
        return descriptor, keypoints, best[y, x], local_descriptors, map_of_descriptors, scores, last


def published_name(name):
    """TensorFlow's name of a tensor of this network."""
    scope, _, leaf = name.replace(".", "/").rpartition("/")
    if scope.endswith("/bn"):
        part = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}[leaf]
        return scope.removesuffix("bn") + "BatchNorm/" + part
    if leaf == "clusters":
        return f"{scope}/clusters"
    if scope.endswith("/depthwise/conv"):
        return scope.removesuffix("conv") + "depthwise_weights"
    return scope.removesuffix("/conv") + {"weight": "/weights", "bias": "/biases"}[leaf]


def published(file, model):
    """The variables of an .npz by this network's names, in PyTorch's order of dimensions."""
    if not file.is_file():
        recipe.fail(f"--weights {file} is not there")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            given = {name: torch.from_numpy(arrays[name]).float() for name in arrays.files}
    except (OSError, ValueError, TypeError) as e:
        recipe.fail(f"{file} is no .npz of numbers: {e}")
    names = {published_name(name): name for name in model.state_dict() if not name.endswith("num_batches_tracked")}
    # the assignment's normalization has no scale; what only training needs is left out
    scale = "global_head.vlad.memberships.bn.weight"
    state = {scale: torch.ones(CLUSTERS)}
    for name, value in given.items():
        training = ("Adam", "Momentum", "RMSProp", "ExponentialMovingAverage", "biased", "local_step")
        if name.split("/")[-1].startswith(training) or name in (
            "global_step", "beta1_power", "beta2_power", "w0", "w1", "w2"
        ):  # fmt: skip
            continue
        ours = names.get(name, name)
        if ours.endswith("clusters"):
            value = value.reshape(value.shape[-2:])
        elif name.endswith("/depthwise_weights"):
            value = value.permute(2, 3, 0, 1)
        elif name.endswith("/weights"):
            value = value.permute(3, 2, 0, 1) if value.dim() == 4 else value.T
        state[ours] = value.contiguous()
    return state


def build(options):
    model = HfNet(options.width, options.dimension or GLOBAL_DIMENSION)
    if options.weights:
        recipe.load(model, published(options.weights, model), origin=str(options.weights))
    else:
        recipe.randomize(model)
    return recipe.Recipe(
        name="hfnet",
        source="ethz-asl/hfnet",
        model=model,
        outputs={
            "global_descriptor": "meaning: global",
            "keypoints": f"meaning: keypoints, units: pixels, first-pixel-center: 0, max-keypoints: {MAX_KEYPOINTS}",
            "scores": f"meaning: scores, min-score: {THRESHOLD}",
            "local_descriptors": "meaning: descriptors",
            "local_descriptor_map": None,
            "scores_dense": None,
            "layer_18": None,
        },
        longer=options.size,
        multiple_of=GRID,
        colors="gray",
        mean=(128,),
        scale=(128,),
        multi_scale=recipe.MultiScale(1, 3, 2, options.size),
        notes=("HF-Net: keypoints, their descriptors, and a global vector from one pass.",),
    )


if __name__ == "__main__":
    options = recipe.parse(recipe.arguments(__doc__, 960, ("width", "dimension")))
    recipe.export(build(options), options)
