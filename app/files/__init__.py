"""Files that people hand in: what one is, what is cut from it, where it lies, and the copies that others look at.

Every desk may use these. Who may add a file, and which row names it, is the desk's own. `rules` has the limits and the
sentences, `pictures` and `heif` what a file is by its content, `keeping` where it lies in the store, `copies` the
cleaned copies, and `responses` how one is sent to a browser. Nothing here knows a table.
"""
