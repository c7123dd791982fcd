"""Public pages: home, the developer landing, docs, models, the API reference."""
