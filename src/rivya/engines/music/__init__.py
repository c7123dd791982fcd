"""rivya-music: a small composer and its orchestra, every sound of which is calculated here."""

from rivya.engines.music.engine import MusicEngine

__all__ = ["MusicEngine"]
