"""Credits: lots, reservations, an append-only ledger. The only room that writes money."""
