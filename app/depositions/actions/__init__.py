"""Writes of the depositions room, one function a verb.

`requesting`: new requests. `scheduling`: what the team does with them. `canceling`: taking them back. `running`: begin
and end. `moving`: the one conditional update behind them all.
"""
