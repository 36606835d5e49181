"""VGG16-NetVLAD with whitening (Arandjelović et al., NetVLAD, CVPR 2016), as released by its authors.

conv1_1 to conv5_3 before its ReLU, each place divided by its length, 64 clusters without bias, residuals x − c,
normalized for each cluster, flattened with the cluster running fastest, L2, whitening from 32768 to 4096 values, L2.
Input is RGB from 0 to 255 minus a mean for each channel.

--weights takes a MATLAB file whose "net" is a plain structure (an object of the class DagNN or SimpleNN must be turned
into one in MATLAB first), for example Pitts30K_struct.mat of hloc. SciPy reads it.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

import recipe

CHANNELS = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512)
CLUSTERS = 64
DIMENSION = 4096


class Vgg16(nn.Sequential):
    """The convolutions of VGG16, without what follows conv5_3."""

    def __init__(self, width):
        layers = []
        channels = 3
        for layer in CHANNELS:
            if layer == "pool":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, recipe.narrowed(layer, width), 3, padding=1), nn.ReLU()]
                channels = recipe.narrowed(layer, width)
        super().__init__(*layers[:-1])
        self.channels = channels

    @torch.no_grad()
    def randomize(self):
        """Each channel gets about mean 0 and deviation 1, or the last ones would answer alike to all pictures."""
        x = torch.from_numpy(recipe.picture(160, 160, 0)).permute(2, 0, 1)[None].float() - 110
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                y = layer(x)
                deviation, mean = torch.std_mean(y, (0, 2, 3))
                layer.weight /= deviation[:, None, None, None]
                layer.bias.copy_((layer.bias - mean) / deviation + 0.2 * torch.randn(len(mean)))
            x = layer(x)


class NetVlad(nn.Module):
    def __init__(self, channels, clusters):
        super().__init__()
        self.assignment = nn.Conv2d(channels, clusters, 1, bias=False)
        self.centers = nn.Parameter(torch.empty(channels, clusters))

    def randomize(self):
        """As it is initialized from k-means: assignment along the centers, nearly hard."""
        nn.init.normal_(self.centers, std=0.3 / math.sqrt(len(self.centers)))
        directions = F.normalize(self.centers.detach(), dim=0)
        self.assignment.weight.data = 60 * directions.T[:, :, None, None].contiguous()

    def forward(self, features):
        features = F.normalize(features, dim=1)
        weights = F.softmax(self.assignment(features), dim=1).flatten(2)
        sums = features.flatten(2) @ weights.transpose(1, 2)
        residuals = F.normalize(sums - weights.sum(2)[:, None] * self.centers, dim=1)
        return F.normalize(residuals.flatten(1), dim=1)


class VggNetVlad(nn.Module):
    def __init__(self, width=1, dimension=DIMENSION):
        super().__init__()
        self.features = Vgg16(width)
        self.vlad = NetVlad(self.features.channels, CLUSTERS)
        self.whitening = nn.Linear(self.features.channels * CLUSTERS, dimension)

    def forward(self, image):
        features = self.features(image)
        return F.normalize(self.whitening(self.vlad(features)), dim=1), features


def published(file):
    """Weights by the names of this network, and the mean of the pictures."""
    try:
        from scipy.io import loadmat
    except ImportError:
        recipe.fail("--weights needs SciPy, which reads MATLAB's files")
    if not file.is_file():
        recipe.fail(f"--weights {file} is not there")
    try:
        net = loadmat(file, struct_as_record=False, squeeze_me=True)["net"]
        layers = [layer.weights for layer in net.layers if getattr(layer, "weights", None) is not None]
        layers = [[torch.as_tensor(array).float() for array in weights] for weights in layers if len(weights)]
        mean = torch.as_tensor(net.meta.normalization.averageImage).float().reshape(-1, 3).mean(0)
    except Exception as e:
        recipe.fail(f"{file} holds no plain structure \"net\" with layers and meta.normalization.averageImage: {e}")
    convolutions = [i for i, layer in enumerate(CHANNELS) if layer != "pool"]
    if len(layers) != len(convolutions) + 2 or any(len(layer) != 2 for layer in layers):
        recipe.fail(f"{file} must have {len(convolutions) + 2} layers of two arrays (convolutions, VLAD, whitening),"
                    f" got {[len(layer) for layer in layers]}")
    state = {}
    place = 0
    arrays = iter(layers)
    for layer in CHANNELS:
        if layer == "pool":
            place += 1
            continue
        weight, bias = next(arrays)
        state[f"features.{place}.weight"] = weight.permute(3, 2, 0, 1)  # rows, columns, in, out
        state[f"features.{place}.bias"] = bias
        place += 2
    assignment, negated_centers = next(arrays)  # channels x clusters; what is stored is −c
    state["vlad.assignment.weight"] = assignment.T[:, :, None, None]
    state["vlad.centers"] = -negated_centers
    weight, bias = next(arrays)
    state["whitening.weight"] = weight.reshape(-1, weight.shape[-1]).T
    state["whitening.bias"] = bias
    return {name: value.contiguous() for name, value in state.items()}, tuple(mean.tolist())


def build(options):
    model = VggNetVlad(options.width, options.dimension or DIMENSION)
    mean = (123.68, 116.779, 103.939)  # of VGG16's training
    if options.weights:
        state, mean = published(options.weights)
        recipe.load(model, state, origin=str(options.weights))
    else:
        recipe.randomize(model)
    return recipe.Recipe(
        name="netvlad-vgg16",
        source="Relja/netvlad, VGG16 + NetVLAD + whitening",
        model=model,
        outputs={"descriptor": "meaning: global", "conv5_3": None},
        longer=options.size,
        mean=mean,
        scale=(1, 1, 1),
        multi_scale=recipe.MultiScale(1, 3, 2, options.size),
        notes=("VGG16-NetVLAD with whitening: one vector a picture.",),
    )


if __name__ == "__main__":
    options = recipe.parse(recipe.arguments(__doc__, 1024, ("width", "dimension")))
    recipe.export(build(options), options)
