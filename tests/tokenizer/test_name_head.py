"""What tokens say about names: additive, and names told apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from llm_ar.config import ExtensionConfig
from llm_ar.tokenizer.extensions.name_head import NameContrast, NameHead, name_targets, whitened


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
    # Whitened, C centered names are the corners of a simplex: all cosines are -1/(C - 1).
    torch.testing.assert_close(cosines, (torch.eye(8) - 1) / 7, rtol=0, atol=0.05)


def test_equal_names_do_no_harm() -> None:
    assert whitened(torch.randn(1, 8).expand(3, 8)).isfinite().all()
    assert whitened(torch.randn(1, 8)).isfinite().all()


def test_sentence_embeddings_are_centered_and_words_whitened() -> None:
    names = torch.randn(6, 12) + 3
    words, sentences = ExtensionConfig(), ExtensionConfig(sentence_encoder="any")
    torch.testing.assert_close(name_targets(words, names), whitened(names))
    expected = F.normalize(names - names.mean(0), dim=-1)
    torch.testing.assert_close(name_targets(sentences, names), expected)


def test_without_masks_names_are_contrasted_with_all_others() -> None:
    logits, labels = torch.randn(7, 5), torch.randint(5, (7,))
    expected = F.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(NameContrast()(logits, labels), expected)
    every = torch.ones(5, 5, dtype=torch.bool)
    masked = NameContrast(every, every, 0.75)(logits, labels)
    torch.testing.assert_close(masked, expected)


def test_names_that_may_be_right_as_well_get_no_gradient() -> None:
    allowed = torch.ones(4, 4, dtype=torch.bool)
    allowed[0, 1] = allowed[1, 0] = False
    nearby = allowed.clone()
    nearby[0, 3] = False
    logits = torch.randn(2, 4, requires_grad=True)
    labels = torch.tensor([0, 2])
    (gradient,) = torch.autograd.grad(NameContrast(allowed, nearby, 1.0)(logits, labels), logits)
    assert gradient[0, 1] == 0 and gradient[0, 3] == 0 and gradient[0, 2] != 0
    assert (gradient[1] != 0).all()
    (mixed,) = torch.autograd.grad(NameContrast(allowed, nearby, 0.75)(logits, labels), logits)
    assert mixed[0, 1] == 0 and mixed[0, 3] != 0, "the loss against all names has a part"
