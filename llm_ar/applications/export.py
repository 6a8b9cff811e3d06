"""``llm-ar export``: a model in the format of another program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_ar.applications.ui.models import check_model, known_models, model_folder
from llm_ar.applications.ui.parser import CommandParser
from llm_ar.applications.ui.terminal import note, notes

FORMATS = ("hf", "gguf", "onnx")


def run(arguments: Sequence[str]) -> int:
    """Export a model and say where to."""
    parser = CommandParser(
        prog="llm-ar export",
        description="Write a model in the format of another program. hf: a Hugging Face checkpoint "
        "that transformers and vLLM serve, with action tokens as words. gguf: the same for "
        "llama.cpp and Ollama. onnx: what makes action sentences of clips, for ONNX Runtime.",
        example="llm-ar export models/utd-mhad --format hf --out exported/utd-mhad",
    )
    named = parser.add_argument(
        "model",
        type=model_folder,
        metavar="MODEL",
        help="folder, name or hub id of a trained model",
    )
    parser.offer(named, known_models)
    parser.add_argument("--format", choices=FORMATS, required=True, help="of the export")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="a new folder for the export"
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "float16", "bfloat16"),
        default="float32",
        help="of the weights of --format hf (default float32)",
    )
    given = parser.parse_args(arguments)
    check_model(given.model)
    if given.dtype != "float32" and given.format != "hf":
        parser.error("--dtype is for --format hf")

    from llm_ar.recognizer.export.folder import check_out

    check_out(given.out)

    from llm_ar.recognizer.export.checkpoint import export_checkpoint
    from llm_ar.recognizer.export.gguf_file import export_gguf
    from llm_ar.recognizer.export.onnx_tokenizer import export_tokenizer
    from llm_ar.recognizer.model import ActionRecognizer

    with notes.status("Exporting ..."):
        # On the processor, whose weights are whole and where the adapter is merged.
        model = ActionRecognizer.from_pretrained(given.model)
        if given.format == "hf":
            export_checkpoint(model, given.out, given.dtype)
        elif given.format == "gguf":
            export_gguf(model, given.out)
        else:
            export_tokenizer(model, given.out)
    note(f"{given.out}: {given.format} export of {given.model}")
    return 0
