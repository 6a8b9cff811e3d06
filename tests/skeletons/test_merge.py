"""Several datasets as one: every clip in its part, in one layout, nobody mixed up."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from llm_ar.applications.cli import main
from llm_ar.config import ExtensionConfig, RepairConfig, RunConfig, TokenizerConfig
from llm_ar.errors import ConfigError, DatasetError, LayoutError
from llm_ar.skeletons.actions.ontology import Ontology
from llm_ar.skeletons.layouts import SBU, Layout, map_clip
from llm_ar.skeletons.prepare.merge import Part, merge
from llm_ar.skeletons.store import ClipStore, write_store
from llm_ar.skeletons.synthetic.dataset import PROCEDURAL_ACTIONS, make_procedural, procedural_clips
from llm_ar.tokenizer.data import balanced, co_occurring
from llm_ar.tokenizer.train import name_contrast

CLIPS = 2 * len(PROCEDURAL_ACTIONS)


@pytest.fixture()
def parts(tmp_path: Path) -> tuple[Path, Path]:
    """Procedural clips, and others of the user's own in SBU's layout, one of them unused."""
    make_procedural(tmp_path / "first", clips=CLIPS, subjects=4)
    clips = [
        replace(map_clip(clip, SBU), split=("train", "test", "unused")[number % 3])
        for number, clip in enumerate(procedural_clips(clips=3, subjects=2, seed=1))
    ]
    clips[1] = replace(clips[1], label="a new one")
    write_store(iter(clips), tmp_path / "second", dataset="folder", layout=SBU, fingerprint="x")
    return tmp_path / "first", tmp_path / "second"


def test_every_clip_keeps_its_part(parts: tuple[Path, Path], tmp_path: Path) -> None:
    stores = [ClipStore.open(part) for part in parts]
    out = tmp_path / "both"
    merge([Part(stores[0], "xsub"), Part(stores[1], "split")], out, SBU)
    both = ClipStore.open(out)
    assert both.layout == SBU and len(both) == CLIPS + 2
    train, test = both.split("split")
    assert set(both.labels) == {both[index].label for index in (*train, *test)}
    assert "a new one" in both.labels
    for store, protocol in zip(stores, ("xsub", "split"), strict=True):
        expected = store.split(protocol)
        prefix = f"{store.dataset}/"
        found = [
            [index for index in side if both[index].source.startswith(prefix)]
            for side in (train, test)
        ]
        for ours, theirs in zip(found, expected, strict=True):
            assert len(ours) == len(theirs)
            for mine, original in zip(ours, theirs, strict=True):
                clip, mapped = both[mine], map_clip(store[original], SBU)
                np.testing.assert_array_equal(clip.joints, mapped.joints)
                assert (clip.label, clip.fps) == (mapped.label, mapped.fps)
                assert clip.subject == f"{prefix}{mapped.subject}"


def test_rules_of_repair_that_all_share_are_kept(parts: tuple[Path, Path], tmp_path: Path) -> None:
    rules = RepairConfig(shortest=20)

    def merged(name: str, changed: tuple[Path, ...]) -> RepairConfig:
        for part in changed:
            about = json.loads((part / "dataset.json").read_text())
            (part / "dataset.json").write_text(json.dumps({**about, "repair": asdict(rules)}))
        first, second = (ClipStore.open(part) for part in parts)
        merge([Part(first, "xsub"), Part(second, "split")], tmp_path / name, SBU)
        return ClipStore.open(tmp_path / name).repair

    assert merged("differ", parts[:1]) == RepairConfig()
    assert merged("agree", parts[1:]) == rules


def test_the_same_input_is_not_merged_again(parts: tuple[Path, Path], tmp_path: Path) -> None:
    def again() -> bool:
        stores = [ClipStore.open(part) for part in parts]
        both = [Part(stores[0], "xsub"), Part(stores[1], "split")]
        return merge(both, tmp_path / "both", SBU).unchanged

    assert [again(), again()] == [False, True]


def test_actions_of_the_same_movement_are_joined_by_the_ontology(
    parts: tuple[Path, Path], tmp_path: Path
) -> None:
    clips = [
        replace(clip, label=label, split="train")
        for label, clip in zip(
            ("Sit to Stand", "a new one", "bow"),
            procedural_clips(clips=3, subjects=2, seed=1),
            strict=True,
        )
    ]
    write_store(iter(clips), tmp_path / "third", dataset="folder", layout=SBU, fingerprint="y")
    stores = [ClipStore.open(parts[0]), ClipStore.open(tmp_path / "third")]
    both = [Part(stores[0], "xsub"), Part(stores[1], "split")]
    plain = merge(both, tmp_path / "plain", SBU)
    joined = merge(both, tmp_path / "joined", SBU, Ontology.built_in())
    assert "one action" not in plain.summary()
    assert "  one action, 'stand up': 'Sit to Stand', 'stand up'" in joined.summary().splitlines()
    labels = set(ClipStore.open(tmp_path / "plain").labels)
    assert {"Sit to Stand", "stand up"} <= labels
    joined_store = ClipStore.open(tmp_path / "joined")
    assert set(joined_store.labels) == labels - {"Sit to Stand"}
    own = [clip.label for clip in joined_store if clip.source.startswith("folder/")]
    assert own == ["stand up", "a new one", "bow"]
    assert ClipStore.open(tmp_path / "plain").fingerprint != joined_store.fingerprint
    assert merge(both, tmp_path / "joined", SBU, Ontology.built_in()).unchanged


def test_what_cannot_be_merged_is_named(parts: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = (ClipStore.open(part) for part in parts)
    out = tmp_path / "both"
    with pytest.raises(DatasetError, match="at least two"):
        merge([Part(first, "xsub")], out, SBU)
    with pytest.raises(DatasetError, match="procedural is given twice"):
        merge([Part(first, "xsub"), Part(first, "xsub")], out, SBU)
    stick = Layout.from_dict(
        {
            "name": "stick",
            "joints": ["hip_center", "tail"],
            "parents": [None, "hip_center"],
            "pairs": [],
            "parts": {"torso": ["hip_center", "tail"]},
            "centre": ["hip_center"],
            "size_bones": [["hip_center", "tail"]],
        }
    )
    with pytest.raises(LayoutError, match="nothing for joint 'tail'"):
        merge([Part(first, "xsub"), Part(second, "split")], out, stick)
    with pytest.raises(DatasetError, match="xview"):
        merge([Part(first, "xview"), Part(second, "split")], out, SBU)
    assert not out.exists()


def test_on_the_command_line(
    parts: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"{parts[0]}:xsub", f"{parts[1]}:split", "--out", str(tmp_path / "both")]
    assert main(["data", "merge", *words, "--layout", "sbu-15"]) == 0
    assert "34" in capsys.readouterr().out
    assert ClipStore.open(tmp_path / "both").layout == SBU
    joined = [*words[:2], "--out", str(tmp_path / "joined"), "--by-ontology"]
    assert main(["data", "merge", *joined, "--layout", "sbu-15"]) == 0
    assert "one action" not in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["data", "merge", str(parts[0]), "--out", str(tmp_path / "none")])
    assert "names no protocol; write FOLDER:PROTOCOL" in capsys.readouterr().err


def test_a_merged_dataset_leaves_one_of_its_parts_out(
    parts: tuple[Path, Path], tmp_path: Path
) -> None:
    stores = [ClipStore.open(part) for part in parts]
    out = tmp_path / "both"
    merge([Part(stores[0], "xsub"), Part(stores[1], "split")], out, SBU)
    both = ClipStore.open(out)
    assert both.parts == ("procedural", "folder")
    train, test = both.split("without:procedural")
    assert (len(train), len(test)) == (2, CLIPS)
    known = both.metadata()
    assert {both.part_of(known[index]) for index in test} == {"procedural"}
    with pytest.raises(DatasetError, match="merged from procedural, folder; name one of these"):
        both.split("without:kard")
    with pytest.raises(DatasetError, match="merged from nothing"):
        stores[0].split("without:procedural")


def test_names_co_occur_in_their_datasets_and_rare_actions_are_repeated(
    parts: tuple[Path, Path], tmp_path: Path
) -> None:
    stores = [ClipStore.open(part) for part in parts]
    out = tmp_path / "both"
    merge([Part(stores[0], "xsub"), Part(stores[1], "split")], out, SBU)
    both = ClipStore.open(out)
    indices, known = list(range(len(both))), both.metadata()
    names = list(both.labels)
    nearby = co_occurring(both, indices, names)
    new = names.index("a new one")
    others = {str(info.label) for info in known if both.part_of(info) == "folder"}
    assert {names[place] for place in nearby[new].nonzero().flatten().tolist()} == others
    assert torch.equal(nearby, nearby.T)
    assert co_occurring(stores[0], [0, 1], list(stores[0].labels)).sum() <= 4
    assert balanced(both, indices, indices, 0.0) == indices
    whole = Counter(
        (both.part_of(known[place]), known[place].label)
        for place in balanced(both, indices, indices, 1.0)
    )
    assert len(set(whole.values())) == 1, "all actions alike"
    half = balanced(both, indices, indices, 0.5)
    assert set(half) == set(indices) and len(indices) < len(half) < sum(whole.values())


def test_dataset_weights_scale_what_an_epoch_draws(
    parts: tuple[Path, Path], tmp_path: Path
) -> None:
    stores = [ClipStore.open(part) for part in parts]
    out = tmp_path / "both"
    merge([Part(stores[0], "xsub"), Part(stores[1], "split")], out, SBU)
    both = ClipStore.open(out)
    indices, known = list(range(len(both))), both.metadata()

    def drawn(share: float, weights: dict[str, float]) -> Counter[str]:
        chosen = balanced(both, indices, indices, share, weights)
        return Counter(both.part_of(known[place]) for place in chosen)

    plain = drawn(0.0, {})
    assert drawn(0.0, {"folder": 3.0}) == {**plain, "folder": 3 * plain["folder"]}
    fewer = drawn(0.0, {"procedural": 0.5})
    assert fewer["folder"] == plain["folder"]
    assert plain["procedural"] / 2 <= fewer["procedural"] <= 0.6 * plain["procedural"]
    evened = drawn(1.0, {})
    assert drawn(1.0, {"folder": 2.0}) == {**evened, "folder": 2 * evened["folder"]}
    assert set(drawn(0.0, {"procedural": 0.01})) == set(plain), "each action keeps a clip"
    with pytest.raises(ConfigError, match="dataset_weights: kard is not in .*both, which has proc"):
        balanced(both, indices, indices, 0.0, {"kard": 2.0})


def test_names_of_one_dataset_are_contrasted_whatever_the_ontology_says(tmp_path: Path) -> None:
    clips = list(procedural_clips(clips=4, subjects=2, seed=1))
    labels = {
        "folder": ("run", "dash", "walk", "walk"),
        "procedural": ("walk around", "sit down", "walk around", "walk around"),
    }
    for name, known in labels.items():
        named = (
            replace(map_clip(clip, SBU), label=label, split="test" if number == 3 else "train")
            for number, (clip, label) in enumerate(zip(clips, known, strict=True))
        )
        write_store(named, tmp_path / name, dataset=name, layout=SBU, fingerprint=name)
    stored = [Part(ClipStore.open(tmp_path / name), "split") for name in labels]
    merge(stored, tmp_path / "both", SBU)
    run = RunConfig(
        data=tmp_path / "both",
        protocol="split",
        tokenizer=TokenizerConfig(extensions=ExtensionConfig(name_loss=1.0, contrast_within=0.75)),
    )
    names = ["run", "dash", "walk", "walk around", "sit down"]
    run_, dash, walk, around, sit = range(5)
    compatible = Ontology.built_in().compatible_matrix(names)
    assert compatible[run_, dash] and compatible[walk, around]
    contrast = name_contrast(ClipStore.open(run.data), run, names)
    assert contrast.allowed is not None and contrast.nearby is not None
    assert contrast.allowed[run_, dash] and contrast.nearby[run_, dash]
    assert not contrast.allowed[walk, around] and not contrast.nearby[walk, around]
    assert contrast.allowed[walk, sit] and not contrast.nearby[walk, sit]
