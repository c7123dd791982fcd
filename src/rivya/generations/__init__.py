"""The way of a generation: accept, run, watch, settle. Each step may be cut off anywhere and done again."""
