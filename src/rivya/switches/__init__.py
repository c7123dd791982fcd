"""What an operator turns off and on while everything runs: the public API."""
