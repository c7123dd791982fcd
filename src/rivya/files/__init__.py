"""Media: kept in an object store, checked by decoding, handed out by signed links."""
