"""Networks of MONAI behind the registry's one door: one input channel, instance normalisation, no dropout."""

from collections.abc import Sequence

from monai.networks.nets.attentionunet import AttentionUnet
from monai.networks.nets.highresnet import HighResNet
from monai.networks.nets.segresnet import SegResNet
from monai.networks.nets.swin_unetr import SwinUNETR
from monai.networks.nets.unetr import UNETR
from monai.networks.nets.vnet import VNet
from torch import nn

from training.networks.norm import with_instance_norm

Side = tuple[int, int, int]


def attention_unet(
    channels: int, features: Sequence[int] = (16, 32, 64, 128), strides: Sequence[int] = (2, 2, 2)
) -> nn.Module:
    """Return the Attention U-Net (Oktay et al., 2018)."""
    return with_instance_norm(AttentionUnet(3, 1, channels, tuple(features), tuple(strides)))


def segresnet(
    channels: int,
    features: int = 16,
    blocks_down: Sequence[int] = (1, 2, 2, 4),
    blocks_up: Sequence[int] = (1, 1, 1),
) -> nn.Module:
    """Return SegResNet without its auto-encoder branch (Myronenko, 2018), with its group normalisation."""
    network: nn.Module = SegResNet(
        spatial_dims=3,
        init_filters=features,
        in_channels=1,
        out_channels=channels,
        blocks_down=tuple(blocks_down),
        blocks_up=tuple(blocks_up),
    )
    return network


def highresnet(channels: int) -> nn.Module:
    """Return HighResNet (Li et al., 2017): no down-sampling, dilated kernels at full resolution.

    The last layer is a bare convolution: a normalisation or ReLU behind it would bind the logits.
    """
    network = HighResNet(3, 1, channels, norm_type=("instance", {"affine": True}))
    inputs = network.state_dict()[f"blocks.{len(network.blocks) - 1}.conv.weight"].shape[1]
    network.blocks[-1] = nn.Conv3d(inputs, channels, 1)
    return with_instance_norm(network)


def vnet(channels: int) -> nn.Module:
    """Return V-Net (Milletari et al., 2016), without dropout."""
    network = VNet(3, 1, channels, dropout_prob_down=None, dropout_prob_up=(None, 0.0))
    return with_instance_norm(network)


def swin_unetr(
    channels: int,
    features: int = 24,
    depths: Sequence[int] = (2, 2, 2, 2),
    attention_heads: Sequence[int] = (3, 6, 12, 24),
    window: int = 7,
) -> nn.Module:
    """Return Swin UNETR (Hatamizadeh et al., 2022)."""
    network = SwinUNETR(
        in_channels=1,
        out_channels=channels,
        feature_size=features,
        depths=tuple(depths),
        num_heads=tuple(attention_heads),
        window_size=window,
    )
    return with_instance_norm(network)


def unetr(
    channels: int,
    patch_size: Side,
    features: int = 16,
    hidden: int = 384,
    perceptron: int = 1536,
    attention_heads: int = 6,
) -> nn.Module:
    """Return UNETR (Hatamizadeh et al., 2021), by default with a small vision transformer."""
    network = UNETR(
        1,
        channels,
        patch_size,
        feature_size=features,
        hidden_size=hidden,
        mlp_dim=perceptron,
        num_heads=attention_heads,
    )
    for name, parameter in network.named_parameters():
        if "cross_attn" in name:  # made by MONAI's transformer block and never used
            parameter.requires_grad_(False)
    return with_instance_norm(network)
