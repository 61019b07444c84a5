"""`numbanet bench`: how fast each loop is on each device, how far from the machine's limits, and what bounds it.

Reading order: case.py and cases/ (what is run), verification.py, kernels.py, roofs.py (the limits), ladders.py with
variants/, training.py, results.py (what is found, and its JSON), report/ (pages, tables and pictures of it).
"""
