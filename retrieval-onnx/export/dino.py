"""Vision transformers of DINO (Caron et al., ICCV 2021) and DINOv2 (Oquab et al., TMLR 2024): class token and patches.

The global vector is the class token after the last normalization, divided by its length; the feature map holds the
patch tokens. Positions are those of the pictures trained on (224 or 518 pixels), interpolated bicubically for others as
the authors' code does it, in the graph, so that pictures of any size enter. Input is RGB by ImageNet's mean and
deviation, its sides multiples of the patch.

--weights takes the authors' backbones: dino_deitsmall16_pretrain.pth, dino_vitbase16_pretrain.pth,
dinov2_vits14_pretrain.pth, … of the --model named (not those with registers).
"""

import torch
from torch import nn
from torch.nn import functional as F

import recipe

MODELS = {  # patch, channels, blocks, heads, pictures trained on, layer scale
    "dino-vits16": (16, 384, 12, 6, 224, False),
    "dino-vits8": (8, 384, 12, 6, 224, False),
    "dino-vitb16": (16, 768, 12, 12, 224, False),
    "dinov2-vits14": (14, 384, 12, 6, 518, True),
    "dinov2-vitb14": (14, 768, 12, 12, 518, True),
    "dinov2-vitl14": (14, 1024, 24, 16, 518, True),
}
OFFSET = 0.1  # that the authors' interpolation adds to the number of patches


class Attention(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        weights = F.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1), dim=-1)
        return self.proj((weights @ v).transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class LayerScale(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))

    def randomize(self):
        nn.init.uniform_(self.gamma, 0.1, 1)

    def forward(self, x):
        return x * self.gamma


class Block(nn.Module):
    def __init__(self, channels, heads, scaled):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=1e-6)
        self.attn = Attention(channels, heads)
        self.ls1 = LayerScale(channels) if scaled else nn.Identity()
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = Mlp(channels)
        self.ls2 = LayerScale(channels) if scaled else nn.Identity()

    def forward(self, x):
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class Patches(nn.Module):
    def __init__(self, channels, patch):
        super().__init__()
        self.proj = nn.Conv2d(3, channels, patch, patch)

    def forward(self, image):
        return self.proj(image)


def cubic(trained, wanted, offset):
    """The matrix, wanted x trained, of bicubic interpolation (a = −0.75, ends repeated) by (wanted + offset) / trained."""
    a = -0.75
    place = (torch.arange(wanted, dtype=torch.float32) + 0.5) * (trained / (wanted + offset)) - 0.5
    first = torch.floor(place)
    columns = torch.arange(trained, dtype=torch.float32)[None]
    matrix = torch.zeros(1)
    for tap in (-1, 0, 1, 2):
        t = (place - first - tap).abs()
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        weight = torch.where(t <= 1, near, far)
        index = torch.clamp(first + tap, 0, trained - 1)
        matrix = matrix + weight[:, None] * (index[:, None] == columns)
    return matrix


class VisionTransformer(nn.Module):
    def __init__(self, patch, channels, blocks, heads, trained, scaled):
        super().__init__()
        self.side = trained // patch
        self.patch_embed = Patches(channels, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, channels))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.side**2 + 1, channels))
        self.blocks = nn.ModuleList(Block(channels, heads, scaled) for _ in range(blocks))
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def randomize(self):
        nn.init.normal_(self.cls_token)
        nn.init.normal_(self.pos_embed)

    def positions(self, rows, columns):
        """1 x (1 + rows · columns) x channels; exactly the trained ones at the size of training."""
        # a tensor, so that the graph decides at each size; without offset the matrices are the identity
        size = torch.cat([torch.full((1,), side, dtype=torch.float32) for side in (rows, columns)])
        offset = torch.where((size == self.side).all(), 0.0, OFFSET)
        grid = self.pos_embed[0, 1:].unflatten(0, (self.side, self.side))
        vertical, horizontal = cubic(self.side, rows, offset), cubic(self.side, columns, offset)
        wide = torch.einsum("bj,ijc->ibc", horizontal, grid)
        patches = torch.einsum("ai,ibc->abc", vertical, wide)
        return torch.cat((self.pos_embed[0, :1], patches.flatten(0, 1)))[None]

    def forward(self, image):
        patches = self.patch_embed(image)
        rows, columns = patches.shape[2], patches.shape[3]
        x = torch.cat((self.cls_token, patches.flatten(2).transpose(1, 2)), 1) + self.positions(rows, columns)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return F.normalize(x[:, 0], dim=1), x[:, 1:].transpose(1, 2).unflatten(2, (rows, columns))


class AsPublished(nn.Module):
    """The same with PyTorch's own interpolation of the positions, for the reference: sizes are numbers here."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def positions(self, rows, columns):
        side = self.model.side
        if rows == side and columns == side:
            return self.model.pos_embed
        grid = self.model.pos_embed[:, 1:].unflatten(1, (side, side)).permute(0, 3, 1, 2)
        factors = ((rows + OFFSET) / side, (columns + OFFSET) / side)
        grid = F.interpolate(grid, scale_factor=factors, mode="bicubic")
        return torch.cat((self.model.pos_embed[:, :1], grid.flatten(2).transpose(1, 2)), 1)

    def forward(self, image):
        ours = self.model.positions
        self.model.positions = self.positions
        try:
            return self.model(image)
        finally:
            self.model.positions = ours


def build(options):
    patch, channels, blocks, heads, trained, scaled = MODELS[options.model]
    model = VisionTransformer(patch, channels, options.blocks or blocks, heads, trained, scaled)
    if options.weights:
        unused = ("mask_token", "head.")
        recipe.load(model, recipe.state_of(options.weights), unused=unused, origin=str(options.weights))
    else:
        recipe.randomize(model)
    return recipe.Recipe(
        name=options.model,
        source="facebookresearch/dinov2" if scaled else "facebookresearch/dino",
        model=model,
        outputs={"class_token": "meaning: global", "patch_tokens": "meaning: feature-map"},
        longer=options.size // patch * patch,
        multiple_of=patch,
        multi_scale=recipe.MultiScale(1, 3, 2, options.size),
        notes=(f"{options.model}: the class token as global vector and the patch tokens as feature map.",),
        reference_model=AsPublished(model),
    )


if __name__ == "__main__":
    parser = recipe.arguments(__doc__, 518)
    parser.add_argument("--model", choices=MODELS, default="dino-vits16")
    parser.add_argument("--blocks", type=int, help="fewer than published, for a quick test")
    options = recipe.parse(parser)
    if options.weights and options.blocks:
        parser.error("--weights is for the published sizes: leave --blocks out")
    recipe.export(build(options), options)
