"""How jobs are queued, worked and rescued: pgqueuer on the same PostgreSQL as everything else."""
