"""Which institutions take part in the pilot: for which certificates, in which year, with how many.

An institution applies each year for each certificate and level, its authority files that, and it
takes part once it has named who leads and whom to turn to.
"""
