"""Two plain baselines on merged data: a graph network with a softmax, and a text-aligned encoder.

Both see the clips, the augmentation, the balance and the steps of the experiment's stage 1, but
have neither tokens nor an LLM:

- ``graph``: adaptive graph convolutions (Shi et al., "2s-AGCN", CVPR 2019), the mean over time, and
  a softmax over the training names. Of names that were not trained it answers by ConSE.
- ``text``: the experiment's own encoder, the mean over time, and a name head, which is trained to
  give the sentence embedding of the name.

``python -m llm_ar.ablations.baselines experiments/general/general.yaml graph runs/graph/kard
--record results/baselines.json --protocol without:kard`` trains one and scores the clips that were
left out among their own names. With the experiment's own protocol it scores the test clips of each
dataset. ``--resume`` goes on with an interrupted training; further options are settings of the
experiment.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Subset
from transformers import set_seed

from llm_ar.ablations.corpora import accuracy, conse_answers, lost_clips, write_figures
from llm_ar.config import EncoderConfig, ExtensionConfig, RunConfig
from llm_ar.config_files import load_run, settings_to_dict
from llm_ar.errors import ConfigError
from llm_ar.recognizer.zero_shot.sentence_encoder import load_sentence_encoder
from llm_ar.recognizer.zero_shot.text_embeddings import embed_sentences
from llm_ar.resume import begin
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.layouts import Layout
from llm_ar.skeletons.store import ClipStore
from llm_ar.tokenizer.augment import augment_named, mirror_targets
from llm_ar.tokenizer.data import TrainingClips, balanced, training_clips
from llm_ar.tokenizer.extensions.build import build_encoder
from llm_ar.tokenizer.extensions.name_head import HEAD_DROPOUT, NameHead, name_targets
from llm_ar.tokenizer.train import name_contrast
from llm_ar.training import StageTrainer, as_batch, training_arguments, without_deepspeed

GRAPH_BLOCKS, GRAPH_WIDTH = 3, 48
"""Of the graph network: those of the models of one dataset."""
_BATCH = 64
_SMOOTHING = 0.1
_LEFT_OUT = "without:"


class Baseline(nn.Module):
    """An encoder, the mean over time, and a head: clips to logits of the training names.

    Args:
        run: the experiment.
        layout: of the joints.
        names: the C training names.
        texts: (C, width) their sentence embeddings.
        loss: of logits (B, C) and classes (B,).
        graph: the graph network with a softmax; otherwise the text-aligned encoder.
    """

    mirrored: Tensor

    def __init__(
        self,
        run: RunConfig,
        layout: Layout,
        names: Sequence[str],
        texts: Tensor,
        loss: nn.Module,
        graph: bool,
    ) -> None:
        super().__init__()
        self.run, self.layout, self.loss = run, layout, loss
        encoder, extensions = run.tokenizer.encoder, run.tokenizer.extensions
        if graph:
            extensions = dataclasses.replace(
                extensions, joint_blocks=GRAPH_BLOCKS, joint_width=GRAPH_WIDTH
            )
        self.encoder = _without_latents(encoder, extensions, layout, run.preprocess.people)
        self.text = None if graph else NameHead(encoder.width, texts, HEAD_DROPOUT)
        self.softmax = nn.Linear(encoder.width, len(names)) if graph else None
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        self.register_buffer("mirrored", mirror_targets(names), persistent=False)

    def pooled(self, joints: Tensor, present: Tensor) -> Tensor:
        """(B, width): the encoder's mean over time."""
        return self.encoder(joints, present).mean(1)

    def logits(self, pooled: Tensor) -> Tensor:
        """(B, C) of the training names."""
        if self.softmax is not None:
            return self.softmax(self.dropout(pooled))
        assert self.text is not None
        return self.text(pooled.unsqueeze(1))

    def forward(self, joints: Tensor, present: Tensor, classes: Tensor) -> dict[str, Tensor]:
        """The loss of clips (B, F, M, J, 3), (B, F, M, J), (B,)."""
        joints, present, classes = augment_named(
            joints, present, classes, self.run.augment, self.layout, self.mirrored
        )
        return {"loss": self.loss(self.logits(self.pooled(joints, present)), classes)}


def _without_latents(
    encoder: EncoderConfig, extensions: ExtensionConfig, layout: Layout, people: int
) -> nn.Module:
    built = build_encoder(encoder, extensions, layout, people, 1)
    # It makes the latents of tokens, of which there are none here.
    del built.out
    return built


@without_deepspeed()
def train_baseline(run: RunConfig, graph: bool, resume: bool = False) -> Baseline:
    """Train on the protocol's training clips; checkpoints go to ``run.out / "training"``.

    Args:
        run: the experiment; its settings of stage 1 are used.
        graph: see `Baseline`.
        resume: go on from the newest complete checkpoint, if there is one.

    Raises:
        ConfigError: the experiment has no sentence encoder.
        DatasetError: the dataset is missing, or the protocol leaves no clip to train on.
    """
    set_seed(run.seed)
    store = ClipStore.open(run.data)
    clips = TrainingClips.of_run(store, run, store.layout)
    indices = training_clips(store, run)
    fit = balanced(store, indices, range(len(clips)), run.balance, run.dataset_weights)
    texts = name_targets(run.tokenizer.extensions, _embedded(run, clips.names))
    contrast = name_contrast(store, run, clips.names)
    loss = nn.CrossEntropyLoss(label_smoothing=_SMOOTHING) if graph else contrast
    model = Baseline(run, store.layout, clips.names, texts, loss, graph)
    folder = run.out / "training" / "baseline"
    args = training_arguments(run.tokenizer.optim, folder, len(fit), run.seed)
    described = settings_to_dict(run) | {"graph": graph, "data fingerprint": store.fingerprint}
    del described["out"], described["data"], described["recognizer"]
    checkpoint = begin(folder, described, resume, args.process_index == 0)
    trainer = StageTrainer(
        model,
        args,
        "baseline",
        run.tokenizer.optim.save_minutes,
        train_dataset=Subset(clips, fit),
        data_collator=as_batch,
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return model.eval()


def _embedded(run: RunConfig, names: Sequence[str]) -> Tensor:
    encoder = run.tokenizer.extensions.sentence_encoder
    if not encoder:
        raise ConfigError(
            "tokenizer.extensions.sentence_encoder: the baselines need one; set it as in "
            "experiments/general/general.yaml"
        )
    return embed_sentences(load_sentence_encoder(encoder), names)


@torch.inference_mode()
def pooled_of(model: Baseline, store: ClipStore, indices: Sequence[int]) -> Tensor:
    """(N, width) of clips."""
    rows = []
    for first in range(0, len(indices), _BATCH):
        batch = indices[first : first + _BATCH]
        clips = TrainingClips.read(store, batch, model.run.preprocess, model.layout)
        rows.append(model.pooled(clips.joints, clips.present))
    return torch.cat(rows)


@torch.inference_mode()
def figures_of(
    model: Baseline, run: RunConfig, lost: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Accuracies in percent on the clips that the protocol tests.

    Of a dataset that was left out, among its own names; otherwise of each dataset among all trained
    names and among its own.

    Args:
        model: the trained baseline.
        run: what it was trained by.
        lost: test clips of a dataset that could not be read; they count as wrong.
    """
    lost = lost or {}
    store, ontology = ClipStore.open(run.data), Ontology.built_in()
    known = store.metadata()
    train, test = store.split(run.protocol)
    trained = [name for name in store.labels if name in {known[i].label for i in train}]
    epochs = {"seed": run.seed, "epochs": run.tokenizer.optim.epochs}
    if run.protocol.startswith(_LEFT_OUT):
        names = [name for name in store.labels if name in {known[i].label for i in test}]
        truth = torch.tensor([names.index(str(known[index].label)) for index in test])
        pooled = pooled_of(model, store, test)
        texts, candidates = _embedded(run, trained), _embedded(run, names)
        answers = {"conse": conse_answers(model.logits(pooled), texts, candidates)}
        if model.text is not None:
            centered = F.normalize(candidates - texts.mean(0), dim=-1)
            answers["nearest_sentence"] = model.text.token_text_embeddings(pooled) @ centered.T
        missing = lost.get(run.protocol.removeprefix(_LEFT_OUT), 0)
        tops = {
            how: accuracy(each, truth, names, ontology, missing) for how, each in answers.items()
        }
        return epochs | {"clips": len(test) + missing, "names": len(names), "top1": tops}
    test = [index for index in test if known[index].label in trained]
    truth = torch.tensor([trained.index(str(known[index].label)) for index in test])
    scores = model.logits(pooled_of(model, store, test))
    corpora = {}
    for part in store.parts:
        rows = torch.tensor([n for n, i in enumerate(test) if store.part_of(known[i]) == part])
        own = torch.unique(truth[rows])
        named = [trained[name] for name in own.tolist()]
        missing = lost.get(part, 0)
        corpora[part] = {
            "clips": len(rows) + missing,
            "among_all_names": accuracy(scores[rows], truth[rows], trained, ontology, missing),
            "among_own_names": accuracy(
                scores[rows][:, own], torch.searchsorted(own, truth[rows]), named, ontology, missing
            ),
        }
    return epochs | {"clips": len(test), "names": len(trained), "corpora": corpora}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score, print the figures, and add them to a JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m llm_ar.ablations.baselines", description=__doc__
    )
    parser.add_argument("config", type=Path, help="the experiment")
    parser.add_argument("kind", choices=("graph", "text"))
    parser.add_argument("out", type=Path, help="folder of the training")
    parser.add_argument("--record", type=Path, help="JSON file of the figures")
    parser.add_argument(
        "--lost",
        nargs="*",
        default=[],
        metavar="CORPUS=CLIPS",
        help="test clips that could not be read at all; they count as wrong",
    )
    parser.add_argument("--resume", action="store_true", help="go on with a training")
    given, settings = parser.parse_known_args(arguments)
    run = load_run(given.config, ["--out", str(given.out), *settings])
    model = train_baseline(run, given.kind == "graph", given.resume)
    figures = figures_of(model, run, lost_clips(given.lost))
    print(json.dumps(figures, indent=1))
    if given.record is not None:
        key = f"{given.kind}-{run.protocol.replace(':', '-')}-seed{run.seed}"
        command = f"python -m llm_ar.ablations.baselines {given.config} {given.kind} {given.out}"
        lost = ["--lost", *given.lost] if given.lost else []
        write_figures(given.record, key, figures, " ".join([command, *settings, *lost]))


if __name__ == "__main__":
    main()
