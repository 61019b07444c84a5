"""What the commands of `numbanet` do, a file each. The parser is in parser.py, the door in numbanet/cli.py."""
