"""The PyTorch backend of kerasfront."""

from kerasfront_torch.backend import TorchBackend

backend = TorchBackend()
