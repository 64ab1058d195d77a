"""Pictures: plain functions that return inline SVG or HTML, equal text for equal figures, without scripts.

A picture is a panel as wide as a small screen; a wide screen shows several side by side. Lines differ in the shapes of
their marks and in dashes, not in colour alone. Every picture has a text alternative, and its figures stand in a table
or a sentence beside it.
"""
