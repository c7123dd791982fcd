"""The documentation: Markdown pages, the models, the API reference, search, and all of it as plain text."""
