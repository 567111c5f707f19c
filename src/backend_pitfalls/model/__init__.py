"""Frozen data only: findings, spans, traces, fix intents, rule facts, options."""
