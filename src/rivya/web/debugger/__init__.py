"""The online debugger: try a request before writing a line of code."""
