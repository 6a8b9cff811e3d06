"""Tests run on the processor, whatever cards there are: many compare to the last digit.

``LLM_AR_TEST_CUDA=1 pytest -m cuda`` runs those that need a card.
"""

import os

if not os.environ.get("LLM_AR_TEST_CUDA"):
    # Before torch is imported, which looks for cards once.
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

pytest_plugins = ["tests.tiny_llm"]
