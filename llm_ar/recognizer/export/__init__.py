"""Trained models in the formats of other programs: Hugging Face checkpoints, GGUF and ONNX."""
