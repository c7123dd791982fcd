"""Tools without any knowledge of the product: nothing here may import from another room."""
