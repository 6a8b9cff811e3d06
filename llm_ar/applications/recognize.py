"""``llm-ar recognize``: the action in each file, with its probability."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from llm_ar.applications.ui.descriptions import (
    description_json,
    known_descriptions,
    show_description,
)
from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_model
from llm_ar.applications.ui.options import (
    add_candidate_options,
    add_model_option,
    add_read_options,
    positive,
    read_options,
)
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import EXIT_FAILED, note, print_error, print_json, results
from llm_ar.applications.ui.text import plain
from llm_ar.errors import ClipError, ConfigError, LlmArError
from llm_ar.skeletons.read_options import BY_FILE, ReadOptions

if TYPE_CHECKING:
    from llm_ar.recognizer.model import ActionRecognizer
    from llm_ar.recognizer.recognition import AnswerPolicy, Recognition
    from llm_ar.recognizer.zero_shot.descriptions import Descriptions
    from llm_ar.skeletons.clip import Clip

BATCH = 16
BAR = 24


@dataclass(frozen=True)
class Request:
    """The options that apply to every file."""

    labels: Sequence[str] | None
    top_k: int
    fast: bool = False
    synonyms: bool = False
    zero_shot: bool = False
    prior_correction: bool = False
    known: Descriptions | None = None
    unknown: bool = False
    options: ReadOptions = BY_FILE


@dataclass(frozen=True)
class Outcome:
    """One file's answers, and the reasons to doubt them.

    Args:
        recognition: the answers.
        warnings: one sentence each.
        enough_seen: whether the clip shows enough for any answer; if not, the action is unknown.
        too_long: whether the first warning is that the recording is no single action.
        distance: from the nearest trained action as a share of the threshold for unknown ones;
            None where nobody asked.
    """

    recognition: Recognition
    warnings: tuple[str, ...]
    enough_seen: bool = True
    too_long: bool = False
    distance: float | None = None

    @property
    def unknown(self) -> bool:
        """Whether the movement is like no action of the training."""
        return self.distance is not None and self.distance > 1


def run(arguments: Sequence[str]) -> int:
    """Recognize each file and print its answers; returns 1 if any file could not be used."""
    parser = CommandParser(
        prog="llm-ar recognize",
        description="Name the action in each skeleton file. A file that cannot be used is reported "
        "on standard error, the others are recognized, and the exit code is 1.",
        example="llm-ar recognize clip.npz --model models/general --top-k 3",
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="recordings, or webcam:0"
    )
    add_model_option(parser)
    add_candidate_options(parser)
    parser.add_argument("--top-k", type=positive, default=5, help="answers a file (default 5)")
    parser.add_argument(
        "--synonyms",
        action="store_true",
        help="score the names' known synonyms as well, and count them for the names (slower)",
    )
    parser.add_argument(
        "--zero-shot",
        action="store_true",
        help="choose among --labels by what their names and descriptions say, for names that were "
        "not trained: by the nearest sentence embedding, or by ConSE if the model has learned none",
    )
    parser.add_argument(
        "--prior-correction",
        action="store_true",
        help="recognize all FILEs together, at least 10, and subtract from each name what it gets "
        "on average over them; for names that were not trained, where each of them occurs about as "
        "often as the others",
    )
    parser.add_argument(
        "--unknown",
        action="store_true",
        help="say whether the movement is like no action of the training (with --json: "
        '"unknown" and "unknown_distance", which is above 1 then)',
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='print one object a line and file: {"file", "top": [{"action", "probability"}], '
        '"sentence": [tokens], "warnings": [sentences], "enough_seen": true or false}, '
        'or {"file", "error"}',
    )
    parser.add_argument(
        "--describe",
        action="store_true",
        help="add the written description of the best answer: the movement, each body part, the "
        'order (with --json: "description", null where there is none)',
    )
    parser.add_argument(
        "--descriptions",
        type=Path,
        metavar="YAML",
        help="own descriptions, which come before the built-in ones; implies --describe, and is "
        "used by --zero-shot and --synonyms",
    )
    add_read_options(parser)
    given = parser.parse_args(arguments)
    if given.fast and given.synonyms:
        parser.error("--fast scores no synonyms; give one of the two")
    if given.zero_shot and (given.fast or given.synonyms):
        parser.error("--zero-shot compares texts of names; leave out --fast and --synonyms")
    labels = candidate_names(given.labels, given.labels_file)
    check_model(given.model)
    if given.zero_shot and labels is None:
        parser.error("--zero-shot is for names that were not trained; give them with --labels")
    known = known_descriptions(given.describe, given.descriptions)
    total = failed = 0
    how = Request(
        labels,
        given.top_k,
        given.fast,
        given.synonyms,
        given.zero_shot,
        given.prior_correction,
        known,
        given.unknown,
        read_options(given),
    )
    for file, outcome in recognize_files(given.files, given.model, how):
        total += 1
        if isinstance(outcome, LlmArError):
            print_error(outcome)
            if given.json:
                print_json({"file": str(file), "error": str(outcome)})
            failed += 1
        elif given.json:
            answers = as_json(file, outcome)
            if known is not None:
                best = outcome.recognition.top[0].action
                answers["description"] = description_json(best, known)
            print_json(answers)
        else:
            show(str(file), outcome)
            if known is not None:
                show_description(outcome.recognition.top[0].action, known)
    if failed and total > 1:
        print_error(f"{failed} of {total} recordings were not recognized")
    return EXIT_FAILED if failed else 0


def candidate_names(listed: str | None, file: Path | None) -> list[str] | None:
    """The names to choose from; None for those that the model was trained on.

    Raises:
        ConfigError: no name is given, one is empty or twice, or the file cannot be read.
    """
    if file is not None:
        try:
            names = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{file}: cannot be read as text ({error}); give a UTF-8 file with one name a line"
            ) from None
        where, names = str(file), [name for name in names if name]
    elif listed is not None:
        where, names = "--labels", _listed(listed)
    else:
        return None
    if not names or not all(names):
        raise ConfigError(f"{where}: a name is empty; give at least one name and no empty ones")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{where}: {twice[0]!r} is listed twice; names must differ")
    return names


def _listed(names: str) -> list[str]:
    """Names separated by commas or line breaks; empty lines are none."""
    lines = [line for line in names.splitlines() if line.strip()]
    return [name.strip() for line in lines for name in line.strip().removesuffix(",").split(",")]


def recognize_files(
    files: Sequence[Path], folder: Path, request: Request
) -> Iterator[tuple[Path, Outcome | LlmArError]]:
    """Each file with its answers or with what is wrong with it, in order.

    Of a file that holds several clips (a PYSKL pickle) each comes, as ``FILE.pkl#NAME``. The model
    is loaded at the first readable file. With ``request.prior_correction`` all files are recognized
    before the first one comes.

    Raises:
        ModelError: the model cannot be loaded.
        ConfigError: a fast answer is requested from a model without a fast path, or the names'
            prior from too few recordings.
    """
    answered = _answered(files, folder, request)
    for one in _prior_corrected(answered, request.top_k) if request.prior_correction else answered:
        if isinstance(one.answer, LlmArError):
            yield one.file, one.answer
        elif one.model is not None and one.clip is not None:
            yield one.file, outcome_of(one.model, one.clip, one.answer, request)


@dataclass(frozen=True)
class _Answered:
    """One file with its clip and its answers, or with what is wrong with it."""

    file: Path
    answer: Recognition | LlmArError
    clip: Clip | None = None
    model: ActionRecognizer | None = None


def _answered(files: Sequence[Path], folder: Path, request: Request) -> Iterator[_Answered]:
    """The files in order, recognized in batches; all names are ranked where priors are needed."""
    from llm_ar.skeletons.readers import read_clip

    model: ActionRecognizer | None = None
    policy: AnswerPolicy | None = None
    recordings = _recordings(files)
    while batch := list(islice(recordings, BATCH)):
        outcomes: dict[int, Recognition | LlmArError] = {}
        clips: dict[int, Clip] = {}
        for place, (file, problem) in enumerate(batch):
            try:
                if problem is not None:
                    raise problem
                clips[place] = read_clip(file, request.options)
            except LlmArError as error:
                outcomes[place] = error
        if clips and model is None:
            model = load_recognizer(folder)
            if request.unknown and model.calibration is None:
                raise ConfigError(
                    f"{folder}: --unknown needs figures of the training clips, which this model "
                    "lacks; add them with llm-ar calibrate"
                )
            policy = answer_policy(model, request)
            warn_of_unknown_labels(model, request)
        if clips and model is not None and policy is not None:
            answers = len(policy.names) if request.prior_correction else request.top_k
            outcomes |= recognize_clips(model, clips, policy, answers)
        for place, (file, _) in enumerate(batch):
            yield _Answered(file, outcomes[place], clips.get(place), model)


def _prior_corrected(answered: Iterator[_Answered], top_k: int) -> list[_Answered]:
    """All files, ranked anew without the names' prior over them.

    Raises:
        ConfigError: too few were recognized.
    """
    import torch

    from llm_ar.recognizer.recognition import Answer, Recognition
    from llm_ar.recognizer.scoring import Ranking
    from llm_ar.recognizer.zero_shot.prior_correction import FEWEST, prior_corrected

    found = list(answered)
    answers = [one.answer for one in found if isinstance(one.answer, Recognition)]
    if len(answers) < FEWEST:
        refused = [one.answer for one in found if isinstance(one.answer, LlmArError)]
        first = f" ({len(refused)} could not be used; the first: {refused[0]})" if refused else ""
        raise ConfigError(
            f"--prior-correction: {len(answers)} recordings were recognized, too few to tell the "
            f"names' prior{first}; give at least {FEWEST}, or leave it out"
        )
    names = sorted(answer.action for answer in answers[0].top)
    probabilities = [{one.action: one.probability for one in answer.top} for answer in answers]
    rows = [[of[name] for name in names] for of in probabilities]
    # No probability is 0 before it is rounded to one.
    logits = torch.tensor(rows, dtype=torch.double).clamp_min(sys.float_info.min).log()
    ranking = Ranking.from_scores(prior_corrected(logits), top_k)
    ranks = iter(zip(ranking.indices.tolist(), ranking.probabilities.tolist(), strict=True))

    def anew(one: _Answered) -> _Answered:
        if not isinstance(one.answer, Recognition):
            return one
        best = [Answer(names[place], value) for place, value in zip(*next(ranks), strict=True)]
        return replace(one, answer=replace(one.answer, top=best))

    return [anew(one) for one in found]


def outcome_of(
    model: ActionRecognizer, clip: Clip, answer: Recognition, request: Request
) -> Outcome:
    """An answer with the reasons to doubt it: in the clip, in the answer, in the training."""
    from llm_ar.recognizer.unknown import encode
    from llm_ar.skeletons.doubts import (
        answer_doubts,
        doubts,
        length_doubts,
        too_little,
        view_doubts,
    )
    from llm_ar.skeletons.repair import repair

    calibration = model.calibration
    about_answer = answer_doubts(clip, answer.top[0].action)
    length = length_doubts(clip, None if calibration is None else calibration.longest)
    seen = view_doubts(clip, model.trained_on_images)
    warnings = (*length, *doubts(clip), *about_answer, *seen)
    distance = None
    if request.unknown and calibration is not None:
        unknown = calibration.unknown
        features = encode(model.tokenizer, [repair(clip, model.repair)[0]])[1]
        distance = float(unknown.distances(features)) / unknown.threshold
    enough_seen = not (too_little(clip) or about_answer)
    return Outcome(answer, warnings, enough_seen, bool(length), distance)


def warn_of_unknown_labels(model: ActionRecognizer, request: Request) -> None:
    """Note on standard error how names that were not trained are scored."""
    unknown_labels = [name for name in request.labels or () if name not in model.labels]
    if not unknown_labels or request.zero_shot or request.synonyms:
        return
    compared = model.tokenizer.extensions.sentence_encoder and not request.fast
    note(
        f"llm-ar: {len(unknown_labels)} of the names were not trained, such as "
        f"{unknown_labels[0]!r}; "
        + (
            "all names are ranked by their sentence embeddings"
            if compared
            else "--zero-shot compares their descriptions with those of the trained names"
        )
    )


def _recordings(files: Sequence[Path]) -> Iterator[tuple[Path, LlmArError | None]]:
    """Each file, or each clip of one that holds several; and what is wrong with the file."""
    from llm_ar.skeletons.readers import members

    for file in files:
        try:
            clips = members(file)
        except LlmArError as error:
            yield file, error
            continue
        yield from ((clip, None) for clip in (clips if len(clips) > 1 else [file]))


def as_json(file: Path, outcome: Outcome) -> dict[str, object]:
    """One file's answers as JSON values."""
    recognition = outcome.recognition
    unknown = {"unknown": outcome.unknown, "unknown_distance": round(outcome.distance or 0, 4)}
    return {
        "file": str(file),
        "top": [
            {"action": answer.action, "probability": round(answer.probability, 6)}
            for answer in recognition.top
        ],
        "sentence": list(recognition.sentence),
        "warnings": list(outcome.warnings),
        "enough_seen": outcome.enough_seen,
        **({} if outcome.distance is None else unknown),
    }


def show(title: str, outcome: Outcome) -> None:
    """Print one clip's answers as bars, and below them the reasons to doubt them.

    That it is no single action, or an unknown one, stands above them.
    """
    results.print(plain(title, "bold"), soft_wrap=True)
    above = outcome.warnings[: int(outcome.too_long)]
    for warning in above:
        results.print(plain(f"  warning: {warning}", "yellow"), soft_wrap=True)
    if not outcome.enough_seen:
        unknown = "  unknown: too little was seen for an answer; the model's guesses are"
        results.print(Text(unknown, style="yellow"), soft_wrap=True)
    elif outcome.distance is not None:
        verdict = "unknown: like no action of the training" if outcome.unknown else "known"
        line = f"  {verdict} (distance {outcome.distance:.2f}, unknown above 1)"
        results.print(Text(line, style="yellow" if outcome.unknown else "dim"), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for rank, answer in enumerate(outcome.recognition.top):
        bar = "█" * round(answer.probability * BAR)
        style = "bold cyan" if rank == 0 and outcome.enough_seen else "dim"
        table.add_row(
            "",
            plain(answer.action, style),
            Text(f"{100 * answer.probability:5.1f} %", style=style),
            Text(bar, style="cyan" if rank == 0 else "dim"),
        )
    results.print(table)
    for warning in outcome.warnings[len(above) :]:
        results.print(plain(f"  warning: {warning}", "yellow"), soft_wrap=True)


def recognize_clips(
    model: ActionRecognizer, clips: dict[int, Clip], policy: AnswerPolicy, top_k: int
) -> dict[int, Recognition | LlmArError]:
    """Recognize clips in one batch, or one by one where the model cannot use one of them."""
    outcomes: dict[int, Recognition | LlmArError] = {}
    try:
        answers = model.recognize_with(policy, list(clips.values()), top_k)
        outcomes.update(zip(clips, answers, strict=True))
    except LlmArError as error:
        if len(clips) > 1:
            for place, clip in clips.items():
                outcomes |= recognize_clips(model, {place: clip}, policy, top_k)
        else:
            place, clip = next(iter(clips.items()))
            named = clip.source in str(error)
            outcomes[place] = error if named else ClipError(clip.source, str(error))
    return outcomes


def answer_policy(model: ActionRecognizer, request: Request) -> AnswerPolicy:
    """The answer policy of the options.

    Raises:
        ConfigError: the names cannot be used, or a fast answer is requested without a fast path.
    """
    from llm_ar.recognizer.zero_shot.nearest_sentence import zero_shot_policy
    from llm_ar.recognizer.zero_shot.synonyms import SynonymPolicy

    names = model.labels if request.labels is None else tuple(request.labels)
    if request.zero_shot:
        return zero_shot_policy(model, names, request.known)
    if request.synonyms:
        return SynonymPolicy(model.exact_scorer(), names, request.known)
    return model.policy(request.labels, request.fast)
