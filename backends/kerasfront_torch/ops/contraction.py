"""Products that sum over axes."""

import torch

from kerasfront_torch.ops.elementwise import with_unsigned

matmul = with_unsigned(torch.matmul)


def contract(operands: list[torch.Tensor], subscripts: str) -> torch.Tensor:
    return torch.einsum(subscripts, *operands)
