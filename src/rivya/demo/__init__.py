"""``rivya demo``: the whole product once through its public door, as a new user would."""
