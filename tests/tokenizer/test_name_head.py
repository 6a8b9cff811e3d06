"""What tokens say about names: additive, and names told apart."""

from __future__ import annotations

import torch

from llm_ar.tokenizer.extensions.name_head import NameHead, whitened


def test_a_sentence_says_the_mean_of_what_its_tokens_say() -> None:
    torch.manual_seed(0)
    names = torch.randn(4, 12)
    reader = NameHead(8, whitened(names), 0.3).eval()
    codebook, tokens = torch.randn(20, 8), torch.randint(20, (3, 5))
    table = reader.token_text_embeddings(codebook) @ whitened(names).T
    expected = torch.stack([sum(table[token] for token in row) / 5 for row in tokens])
    torch.testing.assert_close(reader(codebook[tokens]), expected)


def test_names_that_share_words_are_told_apart() -> None:
    shared = 10 * torch.randn(1, 32)
    names = shared + torch.cat([torch.randn(5, 32), torch.randn(1, 32).expand(3, 32) * 4])
    names[5:] += 0.3 * torch.randn(3, 32)
    found = whitened(names)
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(8))
    cosines = found @ found.T - torch.eye(8)
    # Whitened, C centred names are the corners of a simplex: all cosines are -1/(C - 1).
    torch.testing.assert_close(cosines, (torch.eye(8) - 1) / 7, rtol=0, atol=0.05)


def test_equal_names_do_no_harm() -> None:
    assert whitened(torch.randn(1, 8).expand(3, 8)).isfinite().all()
    assert whitened(torch.randn(1, 8)).isfinite().all()
