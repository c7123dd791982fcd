"""Conversations: sessions kept here, turns that are paid for by their tokens, answers whole or as a stream."""
