"""The OpenAPI 3.1 document of the running API: made from its routes, its structs, its error table and its catalog."""
