"""What all recipes share: arguments, random weights, checkpoints, the ONNX file, its manifest, and reference.npz.

A recipe builds a network as it was published, fills it with random weights of a seed or with a published checkpoint,
and writes into one folder NAME.onnx, NAME.yaml and reference.npz: pictures and what PyTorch makes of them, from pixels
to descriptor, for the test PublishedArchitecturesTest.
"""

import argparse
import dataclasses
import hashlib
import math
import pathlib
import sys
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# ONNX files larger than this keep their arrays in a file beside them, as ONNX Runtime maps that instead of copying it.
EMBEDDED_BYTES = 256 << 20


@dataclasses.dataclass
class MultiScale:
    """Sizes largest · 2^(−i / per_octave) of a picture whose longer side is reduced to max_size first."""

    largest: float
    scales: int
    per_octave: int
    max_size: int


@dataclasses.dataclass
class Recipe:
    """A network that takes one picture, and what its manifest says."""

    name: str
    source: str
    model: nn.Module
    outputs: dict  # name in the graph -> lines of the manifest, or None if it is only a tap
    longer: int
    multiple_of: int = 1
    colors: str = "rgb"
    mean: tuple = (123.675, 116.28, 103.53)  # of ImageNet, as torchvision has it
    scale: tuple = (58.395, 57.12, 57.375)
    multi_scale: MultiScale = None
    reference_model: nn.Module = None  # for reference.npz, if not the model itself
    notes: tuple = ()


def arguments(description, size, smaller=()):
    """The command line. ``smaller`` names the sizes that a quick test may reduce: width, dimension."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder to write into; made if missing")
    parser.add_argument("--weights", type=pathlib.Path, help="published checkpoint; random weights if not given")
    parser.add_argument("--license", help="license of the checkpoint, for the manifest")
    parser.add_argument("--seed", type=int, default=0, help="of random weights and of the reference's pictures")
    parser.add_argument("--size", type=int, default=size, help=f"longer side of pictures (default {size})")
    parser.add_argument("--threads", type=int, default=1, help="that PyTorch takes (default 1)")
    if "width" in smaller:
        parser.add_argument("--width", type=float, default=1, help="factor on all channels; 1 is the published network")
    if "dimension" in smaller:
        parser.add_argument("--dimension", type=int, help="of the global vector; the published one if not given")
    return parser


def parse(parser):
    options = parser.parse_args()
    if options.weights and (getattr(options, "width", 1) != 1 or getattr(options, "dimension", None)):
        parser.error("--weights is for the published sizes: leave --width and --dimension out")
    if not 32 <= options.size <= 2048:
        parser.error(f"--size must be 32 to 2048, got {options.size}")
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    return options


def narrowed(channels, width):
    """Channels of a layer in a network of another width, a multiple of 8."""
    return channels if width == 1 else max(8, 8 * round(channels * width / 8))


# Weights


def fail(message):
    sys.exit(f"error: {message}")


def randomize(model):
    """Random weights under which no layer dies or explodes, random batch-norm parameters and statistics included."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            gain = 2 if isinstance(module, nn.Conv2d) else 1
            nn.init.normal_(module.weight, std=math.sqrt(gain / module.weight[0].numel()))
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.05)
        elif isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)) and module.weight is not None:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    for module in model.modules():
        if hasattr(module, "randomize"):
            module.randomize()
    if not any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        return
    # statistics of a picture of noise, then changed at random: as far from 0 and 1 as those of trained networks
    channels = next(module for module in model.modules() if isinstance(module, nn.Conv2d)).in_channels
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in norms:
        module.momentum = 1
        module.train()
    with torch.no_grad():
        model(torch.randn(1, channels, 128, 128))
    for module in norms:
        module.eval()
        module.running_mean += 0.2 * module.running_var.sqrt() * torch.randn(len(module.running_mean))
        module.running_var.mul_(torch.empty(len(module.running_var)).uniform_(0.6, 1.6)).add_(1e-4)


def state_of(file):
    """The tensors of a PyTorch checkpoint by name, whatever it is wrapped in. Runs no code of the file."""
    if not file.is_file():
        fail(f"--weights {file} is not there")
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as e:
        fail(f"{file} is no checkpoint that PyTorch reads without running code of it: {e}")
    for key in ("state_dict", "teacher", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        fail(f"{file} holds no tensors by name")
    for prefix in ("module.", "backbone."):
        if state and all(name.startswith(prefix) or name.startswith("head.") for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def load(model, state, unused=(), origin="the checkpoint"):
    """Fills a network with tensors by name. Refuses whatever is missing, of another shape, or not known."""
    wanted = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    given = {
        name: value
        for name, value in state.items()
        if not name.endswith("num_batches_tracked") and not any(name.startswith(prefix) for prefix in unused)
    }
    missing = [name for name in wanted if name not in given]
    unexpected = [name for name in given if name not in wanted]
    shapes = [
        f"{name}: {tuple(given[name].shape)} instead of {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in given and given[name].shape != value.shape
    ]
    problems = []
    for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)):
        if names:
            problems.append(f"{len(names)} {what}: " + ", ".join(names[:8]) + (", …" if len(names) > 8 else ""))
    if problems:
        fail(f"{origin} does not fit the network; " + "; ".join(problems))
    for name, value in given.items():
        if not torch.isfinite(value).all():
            fail(f"{origin}: {name} holds values that are not finite")
    model.load_state_dict(given, strict=False)


# Files


def sha256(file):
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def number(value):
    return f"{value:.10g}"


def manifest(recipe, options, files):
    """The manifest's text."""
    weights = "random weights of seed " + str(options.seed)
    license_text = "none (random weights)"
    if options.weights:
        weights = "weights of " + options.weights.name
        license_text = options.license or "as published with the weights"
    lines = [f"# {note}" for note in recipe.notes]
    if recipe.multi_scale:
        lines.append("# In several sizes:")
        lines.append(f"# {multi_scale_text(recipe.multi_scale, recipe.name + '.yaml')}")
    lines += [
        "format: 1",
        f"name: {recipe.name}",
        f'license: "{license_text}"',
        f'source: "{recipe.source}; {weights}"',
        f'weights: {{file: {files[0].name}, sha256: "{sha256(files[0])}"}}',
    ]
    if len(files) > 1:
        lines.append("external:")
        lines += [f'  - {{file: {file.name}, sha256: "{sha256(file)}"}}' for file in files[1:]]
    size = f"{{longer: {recipe.longer}" + (
        f", multiple-of: {recipe.multiple_of}}}" if recipe.multiple_of > 1 else "}"
    )
    lines += [
        "inputs:",
        "  - name: image",
        "    meaning: image",
        f"    colors: {recipe.colors}",
        "    mean: [" + ", ".join(map(number, recipe.mean)) + "]",
        "    scale: [" + ", ".join(map(number, recipe.scale)) + "]",
        f"    size: {size}",
        "outputs:",
    ]
    for name, meaning in recipe.outputs.items():
        lines.append(f"  - {{name: {name}, {meaning}}}" if meaning else f"  # also in the graph: {name}")
    return "\n".join(lines) + "\n"


def multi_scale_text(views, manifest_file):
    return (
        f"multi-scale(extractor=onnx(manifest={manifest_file}),largest={views.largest!r},scales={views.scales},"
        f"per-octave={views.per_octave},max-size={views.max_size})"
    )


def export(recipe, options):
    """Writes the network, its manifest, and the reference."""
    options.output.mkdir(parents=True, exist_ok=True)
    model = recipe.model.eval()
    file = options.output / (recipe.name + ".onnx")
    data = options.output / (recipe.name + ".onnx.data")
    size = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    side = recipe.multiple_of * math.ceil(96 / recipe.multiple_of)
    example = torch.randn(1, len(recipe.mean), side, side + 3 * recipe.multiple_of)
    free = torch.export.Dim.DYNAMIC
    data.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            str(file),
            input_names=["image"],
            output_names=list(recipe.outputs),
            dynamic_shapes=({2: free, 3: free},),
            external_data=size > EMBEDDED_BYTES,
            verbose=False,
        )
    files = [file] + ([data] if data.is_file() else [])
    (options.output / (recipe.name + ".yaml")).write_text(manifest(recipe, options, files), encoding="utf-8")
    np.savez_compressed(options.output / "reference.npz", **reference(recipe, options))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{options.output / (recipe.name + '.yaml')}: {parameters} parameters, {size / 2**20:.1f} MiB")


# From pixels to descriptors, as the manifest and multi-scale say


def picture(width, height, seed):
    """Waves, edges and noise: height x width x 3 bytes."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    pixels = np.empty((height, width, 3))
    for channel in range(3):
        a, b, phase = random.uniform(-0.12, 0.12), random.uniform(-0.12, 0.12), random.uniform(0, 6)
        pixels[..., channel] = 128 + 55 * np.sin(a * x + b * y + phase)
    for _ in range(12):
        left, top = random.integers(0, width), random.integers(0, height)
        wide, high = random.integers(4, width // 3), random.integers(4, height // 3)
        pixels[top : top + high, left : left + wide] = random.uniform(0, 255, 3)
    pixels += random.normal(0, 12, pixels.shape)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def half_up(value):
    return math.floor(value + 0.5)


def resized(pixels, width, height):
    """Scaled by the antialiased bilinear filter, in double precision: 3 x height x width, 0 to 255."""
    planar = torch.from_numpy(pixels.astype(np.float64)).permute(2, 0, 1)[None]
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return planar[0]
    return F.interpolate(planar, size=(height, width), mode="bilinear", align_corners=False, antialias=True)[0]


def prepared(recipe, pixels):
    """A picture as it enters the network: 1 x channels x height x width."""
    height, width = pixels.shape[:2]
    factor = min(1, recipe.longer / max(width, height))
    sides = []
    for side in (width, height):
        most = recipe.longer // recipe.multiple_of
        sides.append(recipe.multiple_of * max(1, min(most, half_up(side * factor / recipe.multiple_of))))
    values = resized(pixels, *sides)
    if recipe.colors == "gray":
        values = (values * torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)[:, None, None]).sum(0, True)
    mean = torch.tensor(recipe.mean, dtype=torch.float64)[:, None, None]
    scale = torch.tensor(recipe.scale, dtype=torch.float64)[:, None, None]
    return ((values - mean) / scale).float()[None]


def sizes_of(pixels, sizes):
    """Columns and rows of the sizes that a picture is seen in."""
    height, width = pixels.shape[:2]
    reduction = min(1, sizes.max_size / max(width, height))
    for i in range(sizes.scales):
        factor = reduction * sizes.largest * 2 ** (-i / sizes.per_octave)
        columns, rows = (max(1, half_up(factor * side)) for side in (width, height))
        if i == 0 or min(columns, rows) >= 32:
            yield columns, rows


def views(pixels, sizes):
    """The picture in several sizes, each of 8 bits."""
    for columns, rows in sizes_of(pixels, sizes):
        scaled = resized(pixels, columns, rows)
        yield torch.floor(scaled + 0.5).to(torch.uint8).permute(1, 2, 0).numpy()


def decided(pixels, sizes, seed):
    """The picture, changed by a few gray levels wherever a size of it would be rounded up or down by a last bit.

    Single precision and double would disagree there by a whole gray level, and the networks make more of it than of all
    that is to be compared.
    """
    random = np.random.default_rng(seed)
    pixels = pixels.copy()
    height, width = pixels.shape[:2]
    for _ in range(100):
        doubtful = 0
        for columns, rows in sizes_of(pixels, sizes):
            scaled = resized(pixels, columns, rows).permute(1, 2, 0).numpy()
            y, x, channel = np.nonzero(np.abs(scaled - np.floor(scaled) - 0.5) < 2e-4)
            doubtful += len(y)
            at = (2 * y + 1) * height // (2 * rows), (2 * x + 1) * width // (2 * columns), channel
            steps = random.integers(1, 4, len(y))
            pixels[at] = np.where(pixels[at] < 128, pixels[at] + steps, pixels[at] - steps)
        if doubtful == 0:
            return pixels
    fail("no picture was found whose sizes are rounded beyond doubt")


def run(recipe, pixels):
    """What the network makes of a picture: arrays by the names of the outputs."""
    with torch.no_grad():
        values = (recipe.reference_model or recipe.model)(prepared(recipe, pixels))
    values = values if isinstance(values, (tuple, list)) else (values,)
    return {name: value.numpy() for name, value in zip(recipe.outputs, values, strict=True)}


def joined(maps):
    """Maps of 1 x channels x rows x columns as one, at the finest grid: rows x columns x channels."""
    rows, columns = max(one.shape[2] for one in maps), max(one.shape[3] for one in maps)
    fine = [F.interpolate(torch.from_numpy(one), size=(rows, columns), mode="nearest-exact") for one in maps]
    return torch.cat(fine, 1)[0].permute(1, 2, 0).numpy()


def means(recipe, key):
    """Names of the outputs of a meaning."""
    return [name for name, text in recipe.outputs.items() if text and f"meaning: {key}" in text]


def reference(recipe, options):
    """Two pictures of different shapes, one larger than the limit, and what comes of them."""
    size = options.size
    arrays = {}
    for index, (width, height) in enumerate(((size * 5 // 4, size * 7 // 8), (size * 5 // 8, size * 3 // 4))):
        pixels = picture(width, height, 1000 * options.seed + index)
        if recipe.multi_scale:
            pixels = decided(pixels, recipe.multi_scale, index)
        arrays[f"picture_{index}"] = pixels
        values = run(recipe, pixels)
        vectors = means(recipe, "global")
        if vectors:
            arrays[f"global_{index}"] = values[vectors[0]].ravel()
        maps = [values[name] for name in means(recipe, "feature-map")]
        if maps:
            arrays[f"map_{index}"] = joined(maps)
        if means(recipe, "keypoints"):
            places = values[means(recipe, "keypoints")[0]]
            shape = prepared(recipe, pixels).shape
            arrays[f"keypoints_{index}"] = (places + 0.5) * [width / shape[3], height / shape[2]]
            arrays[f"descriptors_{index}"] = values[means(recipe, "descriptors")[0]]
            arrays[f"scores_{index}"] = values[means(recipe, "scores")[0]]
        if recipe.multi_scale and vectors:
            each = [run(recipe, view)[vectors[0]].ravel().astype(np.float64) for view in views(pixels, recipe.multi_scale)]
            mean = sum(vector / np.linalg.norm(vector) for vector in each) / len(each)
            arrays[f"multi_scale_{index}"] = (mean / np.linalg.norm(mean)).astype(np.float32)
    if recipe.multi_scale:
        arrays["multi_scale"] = np.array(dataclasses.astuple(recipe.multi_scale), np.float64)
    return arrays
