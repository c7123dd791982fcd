"""Who does the work: one file a vendor, all behind the protocol of ``base.py``."""
