"""Checkpoints with the published names, shapes and wrappings load; others are refused with the reason.

python3 test_checkpoints.py
MOBILENET_V2=mobilenet_v2_1.0_224_u8w.onnx python3 test_checkpoints.py Checkpoints.test_blocks_with_published_weights

The files are made here, of random numbers; the names are written out from the publications, not from the recipes. Only
the last test takes published weights, those of a MobileNetV2 in ONNX (see ../manifests), and needs onnxruntime.
"""

import contextlib
import io
import os
import pathlib
import tempfile
import types
import unittest

import numpy as np
import torch

import dino
import hfnet
import mobilenet
import netvlad_vgg16
import recipe
import solar_resnet101
from mobilenet_blocks import ConvNorm, InvertedResidual

IMAGE = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))


def options(**more):
    defaults = {"weights": None, "width": 1, "dimension": None, "size": 224, "seed": 0, "license": None}
    return types.SimpleNamespace(**(defaults | more))


def outputs(built, image=IMAGE):
    with torch.no_grad():
        return built.model.eval()(image)


class Checkpoints(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(5)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name):
        return pathlib.Path(self.folder.name) / name

    def refusal(self, build, given):
        message = io.StringIO()
        with contextlib.redirect_stderr(message), self.assertRaises(SystemExit) as refused:
            build(given)
        return str(refused.exception)

    def assert_same(self, a, b):
        for one, other in zip(a, b, strict=True):
            torch.testing.assert_close(one, other)

    # PyTorch

    def bottlenecks(self, prefix, state, channels, inner, blocks, stride):
        for i in range(blocks):
            at = f"{prefix}.{i}."
            into = channels if i == 0 else 4 * inner
            shapes = ((inner, into, 1), (inner, inner, 3), (4 * inner, inner, 1))
            for number, (outer, inside, kernel) in enumerate(shapes, 1):
                state[at + f"conv{number}.weight"] = 0.05 * torch.randn(outer, inside, kernel, kernel)
                self.norm(state, at + f"bn{number}", outer)
            if i == 0:
                state[at + "downsample.0.weight"] = 0.05 * torch.randn(4 * inner, into, 1, 1)
                self.norm(state, at + "downsample.1", 4 * inner)

    @staticmethod
    def norm(state, prefix, channels):
        state[prefix + ".weight"] = torch.rand(channels) + 0.5
        state[prefix + ".bias"] = 0.1 * torch.randn(channels)
        state[prefix + ".running_mean"] = 0.1 * torch.randn(channels)
        state[prefix + ".running_var"] = torch.rand(channels) + 0.5
        state[prefix + ".num_batches_tracked"] = torch.tensor(7)

    def attention(self, state, prefix, channels, inner):
        for branch in ("f", "g"):
            state[f"{prefix}.{branch}.0.weight"] = 0.05 * torch.randn(inner, channels, 1, 1)
            state[f"{prefix}.{branch}.0.bias"] = torch.zeros(inner)
            self.norm(state, f"{prefix}.{branch}.1", inner)
        state[f"{prefix}.h.weight"] = 0.05 * torch.randn(inner, channels, 1, 1)
        state[f"{prefix}.h.bias"] = torch.zeros(inner)
        state[f"{prefix}.v.weight"] = torch.zeros(channels, inner, 1, 1)
        state[f"{prefix}.v.bias"] = torch.zeros(channels)

    def gem(self, names):
        """cirtorch's state with the stages under other names."""
        state = {names[0] + ".weight": 0.1 * torch.randn(64, 3, 7, 7)}
        self.norm(state, names[1], 64)
        channels = 64
        for prefix, inner, blocks in zip(names[2:], (64, 128, 256, 512), (3, 4, 23, 3), strict=True):
            self.bottlenecks(prefix, state, channels, inner, blocks, 1)
            channels = 4 * inner
        state["pool.p"] = torch.tensor([2.9])
        state["whiten.weight"] = 0.02 * torch.randn(2048, 2048)
        state["whiten.bias"] = 0.02 * torch.randn(2048)
        return state

    def test_solar_without_attention_is_cirtorch(self):
        names = [f"features.{i}" for i in (0, 1, 4, 5, 6, 7)]
        plain = self.gem(names)
        torch.save({"meta": {"architecture": "resnet101", "mean": [0.485]}, "state_dict": plain}, self.file("gem.pth"))
        others = ["conv1.0", "conv1.1", "conv2_x.2", "conv3_x", "conv4_x", "conv5_x"]
        solar = {}
        for name, value in plain.items():
            match = next((i for i, prefix in enumerate(names) if name.startswith(prefix + ".")), None)
            solar[name if match is None else "features." + others[match] + name[len(names[match]) :]] = value
        self.attention(solar, "features.soa4", 1024, 256)
        self.attention(solar, "features.soa5", 2048, 1024)
        torch.save({"meta": {}, "state_dict": solar}, self.file("solar.pth"))
        gem = solar_resnet101.build(options(weights=self.file("gem.pth"), attention="none"))
        built = solar_resnet101.build(options(weights=self.file("solar.pth"), attention="solar"))
        # attention whose last layer is zero is the identity
        self.assert_same(outputs(gem), outputs(built))
        refused = self.refusal(solar_resnet101.build, options(weights=self.file("gem.pth"), attention="solar"))
        self.assertIn("missing: features.conv1.0.weight", refused)
        self.assertIn("unexpected: features.0.weight", refused)

    def transformer(self, channels, blocks, patch, side, scaled):
        state = {
            "cls_token": torch.randn(1, 1, channels),
            "pos_embed": torch.randn(1, side * side + 1, channels),
            "patch_embed.proj.weight": 0.05 * torch.randn(channels, 3, patch, patch),
            "patch_embed.proj.bias": torch.zeros(channels),
            "norm.weight": torch.ones(channels),
            "norm.bias": torch.zeros(channels),
        }
        for i in range(blocks):
            for layer, outer, inner in (
                ("attn.qkv", 3 * channels, channels), ("attn.proj", channels, channels),
                ("mlp.fc1", 4 * channels, channels), ("mlp.fc2", channels, 4 * channels),
            ):  # fmt: skip
                state[f"blocks.{i}.{layer}.weight"] = 0.05 * torch.randn(outer, inner)
                state[f"blocks.{i}.{layer}.bias"] = torch.zeros(outer)
            for layer in ("norm1", "norm2"):
                state[f"blocks.{i}.{layer}.weight"] = torch.ones(channels)
                state[f"blocks.{i}.{layer}.bias"] = torch.zeros(channels)
            if scaled:
                state[f"blocks.{i}.ls1.gamma"] = torch.rand(channels)
                state[f"blocks.{i}.ls2.gamma"] = torch.rand(channels)
        return state

    def test_dino_backbone_and_training_checkpoint(self):
        state = self.transformer(384, 12, 16, 14, False)
        torch.save(state, self.file("backbone.pth"))
        teacher = {"module.backbone." + name: value for name, value in state.items()}
        teacher["module.head.last_layer.weight_v"] = torch.zeros(3, 3)
        torch.save({"epoch": 100, "teacher": teacher}, self.file("full.pth"))
        models = [
            outputs(dino.build(options(weights=self.file(name), model="dino-vits16", blocks=None)))
            for name in ("backbone.pth", "full.pth")
        ]
        self.assert_same(*models)
        refused = self.refusal(
            dino.build, options(weights=self.file("backbone.pth"), model="dino-vits8", blocks=None)
        )
        self.assertIn("pos_embed: (1, 197, 384) instead of (1, 785, 384)", refused)

    def test_dinov2_has_layer_scale_and_a_mask(self):
        state = self.transformer(384, 12, 14, 37, True) | {"mask_token": torch.zeros(1, 384)}
        torch.save(state, self.file("v2.pth"))
        built = dino.build(options(weights=self.file("v2.pth"), model="dinov2-vits14", blocks=None))
        self.assertEqual((1, 384, 4, 6), tuple(outputs(built, torch.randn(1, 3, 56, 84))[1].shape))
        del state["blocks.3.ls2.gamma"]
        torch.save(state | {"register_tokens": torch.zeros(1, 4, 384)}, self.file("registers.pth"))
        refused = self.refusal(
            dino.build, options(weights=self.file("registers.pth"), model="dinov2-vits14", blocks=None)
        )
        self.assertIn("1 missing: blocks.3.ls2.gamma; 1 unexpected: register_tokens", refused)

    def test_positions_are_those_of_pytorch(self):
        built = dino.build(options(model="dino-vits16", blocks=1))
        for rows, columns in ((14, 14), (7, 20), (14, 3), (33, 15)):
            with torch.no_grad():
                ours = built.model.positions(rows, columns)
                theirs = built.reference_model.positions(rows, columns)
            torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)

    def test_mobilenet_of_torchvision(self):
        state = {"features.0.0.weight": 0.2 * torch.randn(32, 3, 3, 3), "classifier.1.weight": torch.zeros(1000, 1280)}
        self.norm(state, "features.0.1", 32)
        channels, layer = 32, 1
        for factor, outer, blocks in ((1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)):
            for _ in range(blocks):
                at, part, inner = f"features.{layer}.conv.", 0, factor * channels
                if factor > 1:
                    state[f"{at}0.0.weight"] = 0.2 * torch.randn(inner, channels, 1, 1)
                    self.norm(state, f"{at}0.1", inner)
                    part = 1
                state[f"{at}{part}.0.weight"] = 0.2 * torch.randn(inner, 1, 3, 3)
                self.norm(state, f"{at}{part}.1", inner)
                state[f"{at}{part + 1}.weight"] = 0.2 * torch.randn(outer, inner, 1, 1)
                self.norm(state, f"{at}{part + 2}", outer)
                channels, layer = outer, layer + 1
        state["features.18.0.weight"] = 0.1 * torch.randn(1280, 320, 1, 1)
        self.norm(state, "features.18.1", 1280)
        torch.save(state, self.file("mobilenet.pth"))
        built = mobilenet.build(options(weights=self.file("mobilenet.pth"), taps=[6, 18]))
        maps = outputs(built)
        self.assertEqual([(1, 32, 8, 12), (1, 1280, 2, 3)], [tuple(one.shape) for one in maps])
        torch.testing.assert_close(
            built.model.features[3].project.bn.running_mean, state["features.3.conv.3.running_mean"]
        )

    # MATLAB

    def test_netvlad_of_matlab(self):
        try:
            from scipy.io import savemat
        except ImportError:
            self.skipTest("SciPy is not there")
        random = np.random.default_rng(3)
        channels = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)
        layers, arrays, inner = [], [], 3
        for layer in channels:
            if layer == 0:
                layers.append({"type": "pool"})
                continue
            weight = random.normal(0, (2 / (9 * inner)) ** 0.5, (3, 3, inner, layer)).astype("f")
            arrays.append((weight, random.normal(0, 1, layer).astype("f")))
            layers += [{"type": "conv", "weights": self.cell(arrays[-1])}, {"type": "relu"}]
            inner = layer
        layers.pop()
        assignment, negated = (random.normal(0, 0.3, (512, 64)).astype("f") for _ in range(2))
        whitening = random.normal(0, 0.01, (1, 1, 32768, 32)).astype("f"), random.normal(0, 0.01, (1, 32)).astype("f")
        layers += [{"type": "normalize"}, {"type": "vlad", "weights": self.cell((assignment, negated))},
                   {"type": "normalize"}, {"type": "conv", "weights": self.cell(whitening)}]  # fmt: skip
        average = np.broadcast_to(np.array([120.5, 117, 104], "f"), (4, 5, 3))
        net = {"layers": self.cell(layers), "meta": {"normalization": {"averageImage": average}}}
        savemat(self.file("net.mat"), {"net": net})
        state, mean = netvlad_vgg16.published(self.file("net.mat"))
        self.assertEqual((120.5, 117, 104), mean)
        model = netvlad_vgg16.VggNetVlad(1, 32)
        recipe.load(model, state)
        vector, features = outputs(types.SimpleNamespace(model=model))
        # by the words of the paper, one place and one cluster after the other
        x = features[0].flatten(1).T.double().numpy()
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        a = np.exp(x @ assignment)
        a /= a.sum(1, keepdims=True)
        v = np.zeros((512, 64))
        for place, weights in zip(x, a):
            for k in range(64):
                v[:, k] += weights[k] * (place + negated[:, k])
        v /= np.linalg.norm(v, axis=0, keepdims=True)
        flat = v.reshape(-1) / np.linalg.norm(v)
        expected = flat @ whitening[0][0, 0] + whitening[1][0]
        expected /= np.linalg.norm(expected)
        np.testing.assert_allclose(vector[0], expected, atol=1e-5)

    @staticmethod
    def cell(values):
        cell = np.empty(len(values), object)
        for i, value in enumerate(values):
            cell[i] = value
        return cell

    # TensorFlow

    def test_hfnet_of_tensorflow(self):
        random = np.random.default_rng(4)
        arrays = {}

        def conv(scope, *shape, depthwise=False, norm=True):
            arrays[scope + ("/depthwise_weights" if depthwise else "/weights")] = random.normal(0, 0.2, shape)
            outer = shape[2] if depthwise else shape[3]
            if not norm:
                arrays[scope + "/biases"] = random.normal(0, 0.1, outer)
                return
            for part, low, high in (("gamma", 0.5, 1.5), ("beta", -0.2, 0.2), ("moving_mean", -0.2, 0.2),
                                    ("moving_variance", 0.5, 1.5)):  # fmt: skip
                arrays[f"{scope}/BatchNorm/{part}"] = random.uniform(low, high, outer)

        conv("MobilenetV2/Conv", 3, 3, 1, 24)
        channels = (24, 16, 24, 24, 24, 48, 96, 48, 48, 48, 48, 72, 72, 72, 120, 120, 120, 240)
        for i, (into, outer) in enumerate(zip(channels, channels[1:])):
            scope = "MobilenetV2/expanded_conv" + (f"_{i}" if i else "")
            inner = 6 * into if i else into
            if i:
                conv(scope + "/expand", 1, 1, into, inner)
            conv(scope + "/depthwise", 3, 3, inner, 1, depthwise=True)
            conv(scope + "/project", 1, 1, inner, outer)
        for head, inner, outer in (("descriptor", 256, 256), ("detector", 128, 65)):
            conv(f"local_head/{head}/Conv", 3, 3, 96, inner)
            conv(f"local_head/{head}/Conv_1", 1, 1, inner, outer, norm=False)
        conv("global_head/vlad/memberships", 1, 1, 240, 32)
        del arrays["global_head/vlad/memberships/BatchNorm/gamma"]
        clusters = arrays["global_head/vlad/clusters"] = random.normal(0, 1, (1, 1, 1, 32, 240))
        reduction = arrays["global_head/dimensionality_reduction/weights"] = random.normal(0, 0.02, (7680, 4096))
        biases = arrays["global_head/dimensionality_reduction/biases"] = random.normal(0, 0.02, 4096)
        arrays |= {"global_step": 85000, "w0": [1.0], "MobilenetV2/Conv/weights/Adam": np.zeros(2)}
        np.savez(self.file("hfnet.npz"), **{name: np.asarray(value, "f") for name, value in arrays.items()})
        built = hfnet.build(options(weights=self.file("hfnet.npz")))
        vector, places, scores, vectors, _, dense, last = outputs(built, torch.randn(1, 1, 72, 104))
        # by TensorFlow's operations: squared residuals over the clusters, then all
        x = last[0].flatten(1).T.double().numpy()
        logits = x @ arrays["global_head/vlad/memberships/weights"][0, 0]
        beta, mean, variance = (
            arrays[f"global_head/vlad/memberships/BatchNorm/{part}"] for part in ("beta", "moving_mean", "moving_variance")
        )
        logits = (logits - mean) / np.sqrt(variance + 1e-3) + beta
        a = np.exp(logits - logits.max(1, keepdims=True))
        a /= a.sum(1, keepdims=True)
        v = (a[:, :, None] * (clusters[0, 0] - x[:, None])).sum(0)
        v /= np.maximum(np.linalg.norm(v, axis=0, keepdims=True), 1e-6)
        flat = v.reshape(-1) / np.linalg.norm(v)
        expected = flat @ reduction + biases
        np.testing.assert_allclose(vector[0], expected / np.linalg.norm(expected), atol=2e-5)
        # a keypoint scores what the dense map says there, and no two are nearer than the radius unless equal
        self.assertEqual((72, 104), tuple(dense.shape[2:]))
        self.assertEqual((len(places), 256), tuple(vectors.shape))
        torch.testing.assert_close(scores, dense[0, 0][places[:, 1].long(), places[:, 0].long()])
        apart = (places[:, None] - places).abs().amax(2) + 99 * torch.eye(len(places))
        self.assertGreater(float(apart.min()), hfnet.RADIUS)
        del arrays["local_head/detector/Conv_1/biases"]
        np.savez(self.file("less.npz"), **{name: np.asarray(value, "f") for name, value in arrays.items()})
        refused = self.refusal(hfnet.build, options(weights=self.file("less.npz")))
        self.assertIn("1 missing: local_head.detector.Conv_1.bias", refused)

    # Published weights

    def test_blocks_with_published_weights(self):
        file = os.environ.get("MOBILENET_V2")
        if not file:
            self.skipTest("MOBILENET_V2=FILE.onnx is not given")
        import onnx
        import onnxruntime
        from onnx import numpy_helper

        graph = onnx.load(file).graph
        arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        bounds = {}
        for node in graph.node:
            if node.op_type == "DequantizeLinear":
                quantized, scale, zero = (arrays[name].astype("f") for name in node.input)
                shape = [-1] + [1] * (quantized.ndim - 1) if scale.size > 1 else []
                arrays[node.output[0]] = (quantized - zero.reshape(shape)) * scale.reshape(shape)
            elif node.op_type == "Clip":
                bounds[node.input[0]] = [float(arrays[name]) for name in node.input[1:]]
        convolutions = [node for node in graph.node if node.op_type == "Conv"]
        layers, channels = [ConvNorm(3, 32, 3, 2)], 32
        for factor, outer, blocks, stride in mobilenet.STAGES:
            for i in range(blocks):
                layers.append(InvertedResidual(channels, outer, stride if i == 0 else 1, factor))
                channels = outer
        network = torch.nn.Sequential(*layers, ConvNorm(320, 1280, 1)).eval()
        ours = [module for module in network.modules() if isinstance(module, ConvNorm)]
        self.assertEqual(len(ours) + 1, len(convolutions))  # the last one classifies
        for module, node in zip(ours, convolutions):
            # the file has batch normalization in its biases, and bounds of quantization where ReLU6 was
            weight, bias = (torch.from_numpy(np.array(arrays[name])) for name in node.input[1:])
            self.assertEqual(module.conv.weight.shape, weight.shape)
            module.conv.weight.data, module.bn.bias.data = weight, bias
            module.bn.running_var.fill_(1 - module.bn.eps)
            low, high = bounds[node.output[0]]
            self.assertEqual(module.relu, low == 0 and abs(high - 6) < 1e-3)
            module.relu = False
            module.register_forward_hook(lambda _, __, value, low=low, high=high: value.clamp(low, high))
        image = torch.randn(1, 3, 224, 224).clamp(-1, 1)
        with torch.no_grad():
            expected = onnxruntime.InferenceSession(file).run(["feature_map"], {"image": image.numpy()})[0]
            np.testing.assert_allclose(network(image).numpy(), expected, atol=1e-4)

    # Files that are none

    def test_refuses_what_is_no_checkpoint(self):
        self.file("text.pth").write_text("no checkpoint")
        torch.save([1, 2], self.file("list.pth"))
        for name, reason in (("text.pth", "no checkpoint"), ("list.pth", "no tensors"), ("none.pth", "not there")):
            refused = self.refusal(mobilenet.build, options(weights=self.file(name), taps=[18]))
            self.assertIn(reason, refused)
        self.file("net.mat").write_text("no MATLAB file")
        self.assertIn("no plain structure", self.refusal(netvlad_vgg16.build, options(weights=self.file("net.mat"))))
        self.file("v.npz").write_text("no archive")
        self.assertIn("no .npz", self.refusal(hfnet.build, options(weights=self.file("v.npz"))))


if __name__ == "__main__":
    unittest.main()
