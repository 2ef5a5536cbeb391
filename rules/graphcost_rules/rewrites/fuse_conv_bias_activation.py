"""Makes one kernel of a convolution, its bias and its activation, as TensorFlow's remapper does."""

from __future__ import annotations

from graphcost import Attr, Match, Maybe, Node, Pattern, Rewrite, tensor

ACTIVATIONS = ("Relu", "Relu6", "Elu", "LeakyRelu")
"""Those that TensorFlow's kernel on a CPU has."""
CONV_ATTRS = ("strides", "padding", "explicit_paddings", "data_format", "dilations", "use_cudnn_on_gpu")

CONV = Pattern("Conv2D", tensor("image"), tensor("filters"), name="conv", only_reader=True)
BIASED = Pattern("BiasAdd", CONV, tensor("bias"), name="biased", only_reader=True)
PATTERN = Maybe(Pattern(ACTIVATIONS, BIASED, name="activated"))


def fuse(match: Match) -> Node:
    """One node that convolves, adds the bias and applies the activation, if there is one.

    before: Relu(BiasAdd(Conv2D(image, filters), bias))
    after:  _FusedConv2D(image, filters, bias), fused_ops = ["BiasAdd", "Relu"]
    """
    conv, biased = match.node("conv"), match.node("biased")
    if biased.attrs.get("data_format") != conv.attrs.get("data_format"):
        raise match.error("the bias has another layout than the convolution")
    attrs: dict[str, Attr] = {name: conv.attrs[name] for name in CONV_ATTRS if name in conv.attrs}
    fused_ops = [b"BiasAdd"]
    if "activated" in match:
        fused_ops.append(match.root.op.encode())
    if match.root.op == "LeakyRelu":
        attrs["leakyrelu_alpha"] = match.root.attrs.get("alpha")
    attrs |= {
        "fused_ops": tuple(fused_ops),
        "num_args": 1,
        "num_host_args": 0,
        "TArgs": (match.dtype(match.tensor("bias")),),
    }
    return match.make("_FusedConv2D", match.tensor("image"), match.tensor("filters"), match.tensor("bias"), attrs=attrs)


REWRITE = Rewrite("fuse_conv_bias_activation", PATTERN, fuse)
