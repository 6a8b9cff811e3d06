"""What is rounded is written in half precision, and nothing else is."""

from __future__ import annotations

import torch

from llm_ar.tokenizer.half_precision import compact, round_matrices


def test_matrices_are_rounded_and_written_in_half_the_size() -> None:
    matrix, vector, whole = torch.randn(3, 4), torch.randn(5), torch.arange(6).view(2, 3)
    before, kept = matrix.clone(), vector.clone()
    assert compact(matrix).dtype == torch.float32, "it would lose digits"
    round_matrices([matrix, vector])
    assert compact(matrix).dtype == torch.float16 and compact(vector).dtype == torch.float32
    assert torch.equal(compact(matrix).float(), matrix) and torch.equal(vector, kept)
    torch.testing.assert_close(matrix, before, rtol=1e-3, atol=1e-3)
    assert torch.equal(compact(whole), whole) and compact(whole).dtype == torch.int64
