"""The database's shape: ``NNNN_what.sql``, forward only, each safe while the version before it still runs."""
