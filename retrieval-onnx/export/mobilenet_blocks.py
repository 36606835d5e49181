"""MobileNetV2's blocks (Sandler et al., CVPR 2018), as TensorFlow and as torchvision pad them."""

from torch import nn
from torch.nn import functional as F


def divisible(channels):
    """The nearest multiple of 8, but not more than a tenth below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class ConvNorm(nn.Module):
    """Convolution without bias, batch normalization, ReLU6 or nothing.

    ``same`` pads as TensorFlow does: with a stride of 2, only at the right and at the bottom of an even size.
    """

    def __init__(self, channels, outputs, kernel, stride=1, groups=1, relu=True, same=True, epsilon=1e-3):
        super().__init__()
        self.same = same and stride > 1
        padding = 0 if self.same else kernel // 2
        self.conv = nn.Conv2d(channels, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=epsilon)
        self.relu = relu

    def forward(self, x):
        if self.same:
            x = F.pad(x, (x.shape[3] % 2, 1, x.shape[2] % 2, 1))
        x = self.bn(self.conv(x))
        return F.relu6(x) if self.relu else x


class InvertedResidual(nn.Module):
    """Expansion by 1x1, depthwise 3x3 with the stride, projection by 1x1 without activation."""

    def __init__(self, channels, outputs, stride, factor, same=True, epsilon=1e-3):
        super().__init__()
        inner = divisible(channels * factor) if factor > 1 else channels
        kind = {"same": same, "epsilon": epsilon}
        self.expand = ConvNorm(channels, inner, 1, **kind) if factor > 1 else None
        self.depthwise = ConvNorm(inner, inner, 3, stride, groups=inner, **kind)
        self.project = ConvNorm(inner, outputs, 1, relu=False, **kind)
        self.residual = stride == 1 and channels == outputs

    def forward(self, x):
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depthwise(y))
        return x + y if self.residual else y
