"""Demonstration content: made-up figures for real places, accounts to try them with, and two published reports."""
