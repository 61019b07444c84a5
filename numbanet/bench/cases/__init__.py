"""The arguments that every kernel is timed with."""
