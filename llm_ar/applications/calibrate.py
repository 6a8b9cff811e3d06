"""``llm-ar calibrate``: the training clips' figures added to a model that lacks them."""

from __future__ import annotations

from collections.abc import Sequence

from llm_ar.applications.ui.loading import load_recognizer
from llm_ar.applications.ui.models import check_data, check_model
from llm_ar.applications.ui.options import add_data_option, add_model_option
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import notes, results
from llm_ar.applications.ui.text import plain


def run(arguments: Sequence[str]) -> int:
    """Calibrate the model and say what was found."""
    parser = CommandParser(
        prog="llm-ar calibrate",
        description="Add to a trained model what timeline and --unknown need of its training "
        "clips: their lengths, how fast bodies move, and where the actions lie. Training does so "
        "by itself; this is for models of earlier versions.",
        example="llm-ar calibrate --model models/utd-mhad --data data/utd-mhad",
    )
    add_model_option(parser, required=True)
    add_data_option(parser)
    given = parser.parse_args(arguments)
    check_model(given.model)
    check_data(given.data)

    from llm_ar.errors import DatasetError
    from llm_ar.recognizer.calibration import CALIBRATION_FILE, calibrate, write_calibration
    from llm_ar.recognizer.checkpoint import TOKENIZER_FOLDER
    from llm_ar.skeletons.store import ClipStore
    from llm_ar.tokenizer.data import training_clips
    from llm_ar.tokenizer.model import WEIGHTS_FILE

    store = ClipStore.open(given.data)
    model = load_recognizer(given.model)
    known = store.metadata()
    names = {str(known[index].label) for index in training_clips(store, model.run)}
    if names != set(model.labels):
        raise DatasetError(
            f"{given.data}: trains other actions than {given.model} knows; give the dataset that "
            "it was trained on"
        )
    with notes.status("Reading the training clips ..."):
        found = calibrate(model.tokenizer, model.run, store)
    write_calibration(found, given.model, given.model / TOKENIZER_FOLDER / WEIGHTS_FILE)
    lengths = ", ".join(f"{length:.2f}" for length in found.seconds)
    results.print(
        plain(
            f"{given.model / CALIBRATION_FILE}: windows of {lengths} s, longest clip "
            f"{found.longest:.2f} s, unknown from a distance of {found.unknown.threshold:.2f}"
        ),
        soft_wrap=True,
    )
    return 0
