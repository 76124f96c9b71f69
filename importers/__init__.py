"""Workbooks in and out.

In: gate → open → recognise → extract → parse → check, each stage a function from what the one before gave to results
and findings; loading into a submission is a service's work. Every parse happens in a child process (`sandbox`).
Out: the template and the annotated workbook, both generated from the form, never edited from an upload.
"""
