"""A step of a model, call by call: every array by its textbook name; and the loops as plain Python."""
