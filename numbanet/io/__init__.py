"""Files: whole or not at all (atomic), arrays by name (tensors), and models (model_file)."""
