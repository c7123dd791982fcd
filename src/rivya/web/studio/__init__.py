"""The Studio: what the API does, done by somebody who is signed in. Same wallet, same tasks, same history."""
