"""Huizong (汇总): a reporting portal for trees of public bureaus."""
